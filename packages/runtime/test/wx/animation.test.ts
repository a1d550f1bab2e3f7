import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { eventually, onePage } from './support.ts';

useBrowser();

const style = 'width: 100px; height: 100px';

inBothModes('animation', (mode) => {
  it('wx.createAnimation: exports its groups once, and the view plays them one after the other', async () => {
    const test = await startApp({
      mode,
      files: onePage(
        `<view id="box" style="${style}" animation="{{animation}}" bindtransitionend="ended">x</view>`,
        'data: { animation: {} }, ended() { getApp().log.push("ended") }',
      ),
    });
    const exported = await test.service(({ wx }) => {
      const animation = wx.createAnimation({ duration: 200, timingFunction: 'ease' });
      const same = animation.opacity(0.5).width(50).step() === animation;
      animation.rotate(45).step({ duration: 10, delay: 5, transformOrigin: '0 0' });
      return [same, animation.export(), animation.export()];
    });
    const styles = [
      { type: 'style', args: ['opacity', 0.5] },
      { type: 'style', args: ['width', '50px'] },
    ];
    expect(exported).toEqual([
      true,
      {
        actions: [
          {
            animates: styles,
            option: {
              transformOrigin: '50% 50% 0',
              transition: { duration: 200, timingFunction: 'ease', delay: 0 },
            },
          },
          {
            animates: [...styles, { type: 'rotate', args: [45] }],
            option: { transformOrigin: '0 0', transition: { duration: 10, timingFunction: 'ease', delay: 5 } },
          },
        ],
      },
      { actions: [] },
    ]);
    await test.service(({ wx, getCurrentPages }) => {
      const animation = wx.createAnimation({ duration: 30 });
      animation.translate(10, 20).opacity(0.5).step().width(40).step();
      getCurrentPages()[0].setData({ animation: animation.export() });
    });
    await eventually(() => test.service(({ getApp }) => getApp().log)).toEqual(['ended', 'ended']);
    const view = await test.view();
    const look = () =>
      view.eval('#box', (element) => {
        const { transform, opacity, width } = getComputedStyle(element);
        return [transform, opacity, width];
      });
    expect(await look()).toEqual(['matrix(1, 0, 0, 1, 10, 20)', '0.5', '40px']);
    await test.close();
  });

  it('animate and clearAnimation of a page play key frames and take them back', async () => {
    const test = await startApp({ mode, files: onePage(`<view class="box" style="${style}">x</view>`) });
    await test.service(
      ({ getCurrentPages }) =>
        new Promise<void>((resolve) =>
          getCurrentPages()[0].animate(
            '.box',
            [
              { opacity: 1, left: 0 },
              { opacity: 0.25, translate: [30, 0], ease: 'ease-out' },
            ],
            40,
            resolve,
          ),
        ),
    );
    const view = await test.view();
    const look = () =>
      view.eval('.box', (element) => [getComputedStyle(element).transform, getComputedStyle(element).opacity]);
    await eventually(look).toEqual(['matrix(1, 0, 0, 1, 30, 0)', '0.25']);
    await test.service(
      ({ getCurrentPages }) => new Promise<void>((resolve) => getCurrentPages()[0].clearAnimation('.box', resolve)),
    );
    await eventually(look).toEqual(['none', '1']);
    await test.close();
  });
});

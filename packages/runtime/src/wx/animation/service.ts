import { service, syncFunction } from '../../service/wx/define.ts';

interface StepOptions {
  /** Milliseconds. */
  duration?: number;
  timingFunction?: string;
  /** Milliseconds. */
  delay?: number;
  transformOrigin?: string;
}
interface Animate {
  type: string;
  args: unknown[];
}
/** What `animation="{{…}}"` takes; the view plays the actions one after the other. */
export interface ExportedAnimation {
  actions: {
    animates: Animate[];
    option: {
      transformOrigin: string;
      transition: { duration: number; timingFunction: string; delay: number };
    };
  }[];
}

const TRANSFORMS = [
  ...['matrix', 'matrix3d', 'rotate', 'rotate3d', 'rotateX', 'rotateY', 'rotateZ'],
  ...['scale', 'scale3d', 'scaleX', 'scaleY', 'scaleZ', 'skew', 'skewX', 'skewY'],
  ...['translate', 'translate3d', 'translateX', 'translateY', 'translateZ'],
];
const LENGTHS = ['width', 'height', 'left', 'top', 'right', 'bottom'];

/** The object wx.createAnimation returns: methods collect, `step` ends a group, `export` gives the groups and forgets them. */
function createAnimation(defaults: StepOptions = {}): Record<string, unknown> {
  let actions: ExportedAnimation['actions'] = [];
  let step: Animate[] = [];
  // A later step keeps what an earlier one set.
  const current = new Map<string, Animate>();
  const animation: Record<string, unknown> = {
    /** The settings it was created with, merged with the defaults; some programs read them. */
    option: {
      transformOrigin: defaults.transformOrigin ?? '50% 50% 0',
      transition: {
        duration: defaults.duration ?? 400,
        timingFunction: defaults.timingFunction ?? 'linear',
        delay: defaults.delay ?? 0,
      },
    },
  };
  const add = (type: string, args: unknown[]): typeof animation => {
    step.push({ type, args });
    return animation;
  };
  for (const type of TRANSFORMS) animation[type] = (...args: unknown[]) => add(type, args);
  for (const name of LENGTHS)
    animation[name] = (value: unknown) => add('style', [name, typeof value === 'number' ? `${value}px` : value]);
  animation.opacity = (value: unknown) => add('style', ['opacity', value]);
  animation.backgroundColor = (value: unknown) => add('style', ['background-color', value]);
  animation.step = (options: StepOptions = {}) => {
    for (const animate of step)
      current.set(animate.type === 'style' ? `style.${String(animate.args[0])}` : animate.type, animate);
    step = [];
    const { duration, timingFunction, delay, transformOrigin } = { ...defaults, ...options };
    actions.push({
      animates: [...current.values()],
      option: {
        transformOrigin: transformOrigin ?? '50% 50% 0',
        transition: { duration: duration ?? 400, timingFunction: timingFunction ?? 'linear', delay: delay ?? 0 },
      },
    });
    return animation;
  };
  animation.export = (): ExportedAnimation => {
    const exported = { actions };
    actions = [];
    return exported;
  };
  return animation;
}

/** Animations that a program composes and a view plays. */
export const animationService = service({
  createAnimation: syncFunction((_wx, options?: StepOptions) => createAnimation(options)),
});

import { DEVICES, type Device } from '@sparrow/protocol';
import { Button, Popover, Select, Slider, Space, Switch, Tooltip, Typography } from 'antd';
import { useEffect, useRef, useState } from 'react';
import type { SimulatorInfo, Status } from './api.ts';
import { Prose } from './prose.tsx';
import { type Language, useTexts } from './texts.ts';

interface PhoneCard {
  key: number;
  user: string;
}

/**
 * What stands around a phone on the shelf: its bezel, its caption with the shelf's padding, and the gap between two.
 */
const BEZEL = 20;
const ABOVE_AND_BELOW = 62;
const SIDES = 36;
const GAP = 28;
/** Smaller than this two phones side by side are not worth it. */
const READABLE = 0.5;

/** The zoom at which a whole phone is seen, and two side by side if they stay readable. */
function fit(shelf: { width: number; height: number }, phone: { width: number; height: number }): number {
  const high = (shelf.height - ABOVE_AND_BELOW - BEZEL) / phone.height;
  const one = (shelf.width - SIDES - BEZEL) / phone.width;
  const two = ((shelf.width - SIDES - GAP) / 2 - BEZEL) / phone.width;
  const wide = Math.min(high, two) >= READABLE ? two : one;
  // Whole pixels, so that no sliver of the background is seen beside the page.
  const zoom = Math.max(0.4, Math.min(1, high, wide));
  return Math.floor(phone.width * zoom) / phone.width;
}

const NAMES = ['小麻雀', '大山雀', '喜鹊', '画眉', '燕子', '黄鹂'];

/** The phones side by side, each of another user, and what they have in common above them. */
export function Phones({
  simulator,
  status,
  language,
}: {
  simulator: SimulatorInfo;
  status: Status | undefined;
  language: Language;
}) {
  const t = useTexts();
  const [deviceId, setDeviceId] = useState(DEVICES[0]?.id ?? '');
  const [landscape, setLandscape] = useState(false);
  const [dark, setDark] = useState(false);
  const [mode, setMode] = useState<'dual' | 'single'>('dual');
  const [chosenZoom, setZoom] = useState<number>();
  const [shelf, setShelf] = useState({ width: innerWidth * 0.58, height: innerHeight - 100 });
  const shelfElement = useRef<HTMLDivElement>(null);
  const [cards, setCards] = useState<PhoneCard[]>([
    { key: 1, user: NAMES[0] as string },
    { key: 2, user: NAMES[1] as string },
  ]);
  const nextKey = useRef(3);
  const frames = useRef(new Map<number, HTMLIFrameElement>());
  const device = DEVICES.find((entry) => entry.id === deviceId) ?? (DEVICES[0] as Device);
  const tell = (message: object, key?: number): void => {
    for (const [cardKey, frame] of frames.current)
      if (key === undefined || key === cardKey) frame.contentWindow?.postMessage(message, location.origin);
  };
  useEffect(() => {
    const element = shelfElement.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.height > 0) setShelf({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // A phone that was added comes into sight.
  const newest = cards.at(-1)?.key ?? 0;
  useEffect(() => {
    if (newest > 2) shelfElement.current?.lastElementChild?.scrollIntoView({ inline: 'end', block: 'nearest' });
  }, [newest]);
  const [width, height] = landscape ? [device.height, device.width] : [device.width, device.height];

  const zoom = chosenZoom ?? fit(shelf, { width, height });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the phones are drawn in another size then
  useEffect(() => {
    for (const frame of frames.current.values()) frame.contentWindow?.postMessage({ command: 'zoom' }, location.origin);
  }, [zoom]);
  const turn = (): void => {
    setLandscape(!landscape);
    tell({ command: 'rotate', value: landscape ? 'portrait' : 'landscape' });
  };

  return (
    <section className="phones">
      <div className="toolbar">
        <Select
          size="small"
          aria-label={t.device}
          value={deviceId}
          onChange={setDeviceId}
          className="device-select"
          options={DEVICES.map((entry) => ({ value: entry.id, label: entry.name }))}
        />
        <Tooltip title={t.rotate}>
          <Button size="small" aria-label={t.rotate} onClick={turn}>
            ⟳
          </Button>
        </Tooltip>
        <Tooltip title={t.dark}>
          <Switch
            size="small"
            aria-label={t.dark}
            checked={dark}
            onChange={(on) => {
              setDark(on);
              tell({ command: 'theme', value: on ? 'dark' : 'light' });
            }}
            checkedChildren="☾"
            unCheckedChildren="☀"
          />
        </Tooltip>
        <Select
          size="small"
          aria-label={t.mode}
          value={mode}
          onChange={setMode}
          options={[
            { value: 'dual', label: t.dual },
            { value: 'single', label: t.single },
          ]}
        />
        <span className="zoom">
          <span>{t.zoom}</span>
          <Slider
            min={0.4}
            max={1.2}
            step={0.01}
            value={zoom}
            onChange={setZoom}
            tooltip={{ formatter: (value) => `${Math.round((value ?? 1) * 100)} %` }}
          />
        </span>
        <Popover
          trigger="click"
          content={
            status?.lanQr ? (
              <div className="qr">
                <img alt={t.qr} src={`data:image/svg+xml;utf8,${encodeURIComponent(status.lanQr)}`} />
                <p>{t.scan}</p>
                <Typography.Text
                  className="qr-url"
                  copyable={{ text: status.lanUrl ?? '', tooltips: [t.copy, t.copied] }}
                >
                  {status.lanUrl}
                </Typography.Text>
              </div>
            ) : (
              <p className="qr">
                <Prose text={t.lanClosed} />
              </p>
            )
          }
        >
          <Button size="small">{t.qr}</Button>
        </Popover>
        <Button
          size="small"
          type="primary"
          onClick={() => {
            const key = nextKey.current++;
            setCards([
              ...cards,
              { key, user: NAMES[(key - 1) % NAMES.length] + (key > NAMES.length ? String(key) : '') },
            ]);
          }}
        >
          ＋ {t.addPhone}
        </Button>
      </div>
      <div className="shelf" ref={shelfElement}>
        {cards.map((card) => {
          const parameters = new URLSearchParams({
            token: simulator.token,
            user: card.user,
            device: device.id,
            landscape: landscape ? '1' : '0',
            mode,
            trace: '1',
            theme: dark ? 'dark' : 'light',
            lang: language === 'zh' ? 'zh_CN' : 'en',
          });
          return (
            <article key={card.key}>
              <div className="caption">
                <span className="avatar">{card.user.slice(0, 1)}</span>
                <strong>{card.user}</strong>
                <span className="grow" />
                <Space.Compact size="small">
                  <Button aria-label={t.back} title={t.back} onClick={() => tell({ command: 'back' }, card.key)}>
                    ‹
                  </Button>
                  <Button
                    aria-label={t.restart}
                    title={t.restart}
                    onClick={() => tell({ command: 'restart' }, card.key)}
                  >
                    ↻
                  </Button>
                  <Button
                    aria-label={t.openAlone}
                    title={t.openAlone}
                    href={`${simulator.phone}#${parameters}`}
                    target="_blank"
                  >
                    ↗
                  </Button>
                  <Button
                    aria-label={t.close}
                    title={t.close}
                    disabled={cards.length === 1}
                    onClick={() => setCards(cards.filter((other) => other !== card))}
                  >
                    ✕
                  </Button>
                </Space.Compact>
              </div>
              <div className="bezel" style={{ width: width * zoom + 20, height: height * zoom + 20 }}>
                <iframe
                  // It turns in place; another device or mode is another start of the phone.
                  key={`${device.id} ${mode}`}
                  title={card.user}
                  ref={(frame) => {
                    if (frame) frames.current.set(card.key, frame);
                    else frames.current.delete(card.key);
                  }}
                  src={`${simulator.phone}#${parameters}`}
                  allow="clipboard-write"
                  style={{ width, height, transform: `scale(${zoom})` }}
                />
              </div>
            </article>
          );
        })}
      </div>
    </section>
  );
}

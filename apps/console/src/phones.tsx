import { DEVICES, type Device } from '@sparrow/protocol';
import { Button, Popover, Select, Slider, Space, Switch, Tooltip } from 'antd';
import { useRef, useState } from 'react';
import type { SimulatorInfo, Status } from './api.ts';
import { type Language, useTexts } from './texts.ts';

interface PhoneCard {
  key: number;
  user: string;
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
  const [zoom, setZoom] = useState(() => Math.min(1, Math.max(0.5, (innerHeight - 190) / 852)));
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
  const [width, height] = landscape ? [device.height, device.width] : [device.width, device.height];

  return (
    <section className="phones">
      <div className="toolbar">
        <Select
          size="small"
          aria-label={t.device}
          value={deviceId}
          onChange={setDeviceId}
          style={{ width: 150 }}
          options={DEVICES.map((entry) => ({ value: entry.id, label: entry.name }))}
        />
        <Tooltip title={t.rotate}>
          <Button size="small" aria-label={t.rotate} onClick={() => setLandscape(!landscape)}>
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
          {t.zoom}
          <Slider
            min={0.4}
            max={1.2}
            step={0.05}
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
              </div>
            ) : (
              <p className="qr">{t.lanClosed}</p>
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
      <div className="shelf">
        {cards.map((card) => {
          const parameters = new URLSearchParams({
            token: simulator.token,
            user: card.user,
            device: device.id,
            landscape: landscape ? '1' : '0',
            mode,
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
                  // Another device or mode is another start of the phone.
                  key={`${device.id} ${landscape} ${mode}`}
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

import { Tag } from 'antd';
import { memo, useCallback, useState } from 'react';
import { clock, type PanelNetwork, pretty } from './entries.ts';
import { Tail } from './tail.tsx';
import { useTexts } from './texts.ts';

/** Requests and sockets; a click opens headers, bodies and frames. */
export function Network({ entries }: { entries: PanelNetwork[] }) {
  const t = useTexts();
  const [open, setOpen] = useState('');
  const toggle = useCallback((key: string) => setOpen((before) => (before === key ? '' : key)), []);
  return (
    <Tail count={entries.length} empty={t.emptyNetwork}>
      {entries.map((entry) => {
        const key = `${entry.phone}/${entry.time}/${entry.id}`;
        return <NetworkRow key={key} name={key} entry={entry} isOpen={open === key} onToggle={toggle} />;
      })}
    </Tail>
  );
}

/** A request as it stands; it is drawn again when that has changed. */
const NetworkRow = memo(function NetworkRow(props: {
  name: string;
  entry: PanelNetwork;
  isOpen: boolean;
  onToggle(name: string): void;
}) {
  const t = useTexts();
  const { entry, isOpen } = props;
  const failed = entry.error !== undefined || (entry.status ?? 0) >= 400;
  return (
    <div className={`line line-network ${failed ? 'line-error' : ''}`}>
      <button type="button" aria-expanded={isOpen} onClick={() => props.onToggle(props.name)}>
        <time>{clock(entry.time)}</time>
        <Tag>{entry.phone}</Tag>
        <b className="method">{entry.method}</b>
        <Tag color={failed ? 'red' : entry.status ? 'green' : 'blue'}>{entry.status ?? (entry.error ? '✕' : '…')}</Tag>
        <Address url={entry.url} />
        <span className="ms">{entry.ms === undefined ? t.running : `${entry.ms} ms`}</span>
      </button>
      {isOpen && <Detail entry={entry} />}
    </div>
  );
});

/** One line: of a long address the path stays, which tells requests apart. */
function Address({ url }: { url: string }) {
  const [, host = '', path = url] = /^(\w+:\/\/[^/?#]*)(.*)$/.exec(url) ?? [];
  return (
    <span className="text url" title={url}>
      <span className="host">{host}</span>
      <span className="path">{path}</span>
    </span>
  );
}

function Detail({ entry }: { entry: PanelNetwork }) {
  const t = useTexts();
  return (
    <div className="detail">
      {entry.error && <pre className="bad">{entry.error}</pre>}
      <h4>{t.request}</h4>
      <pre>{`${entry.method} ${entry.url}`}</pre>
      <pre>{headers(entry.requestHeader)}</pre>
      {entry.requestBody && <pre>{pretty(entry.requestBody)}</pre>}
      {entry.kind === 'socket' ? (
        <>
          <h4>{t.frames}</h4>
          {(entry.frames ?? []).map((frame, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: frames have no identity of their own
            <div key={index} className={`frame frame-${frame.from}`}>
              <time>{clock(frame.time)}</time>
              <b title={frame.from === 'phone' ? t.sent : t.received}>{frame.from === 'phone' ? '↑' : '↓'}</b>
              <pre>{pretty(frame.text)}</pre>
            </div>
          ))}
        </>
      ) : (
        <>
          <h4>{t.response}</h4>
          <pre>{headers(entry.responseHeader ?? {})}</pre>
          {entry.responseBody && <pre>{pretty(entry.responseBody)}</pre>}
        </>
      )}
    </div>
  );
}

function headers(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

import { Tag } from 'antd';
import { useState } from 'react';
import { clock, type PanelNetwork, pretty } from './entries.ts';
import { Tail } from './tail.tsx';
import { useTexts } from './texts.ts';

/** Requests and sockets; a click opens headers, bodies and frames. */
export function Network({ entries }: { entries: PanelNetwork[] }) {
  const t = useTexts();
  const [open, setOpen] = useState('');
  return (
    <Tail count={entries.length} empty={t.emptyNetwork}>
      {entries.map((entry) => {
        const key = `${entry.phone}/${entry.time}/${entry.id}`;
        const failed = entry.error !== undefined || (entry.status ?? 0) >= 400;
        return (
          <div key={key} className={`line line-network ${failed ? 'line-error' : ''}`}>
            <button type="button" aria-expanded={open === key} onClick={() => setOpen(open === key ? '' : key)}>
              <time>{clock(entry.time)}</time>
              <Tag>{entry.phone}</Tag>
              <b className="method">{entry.method}</b>
              <Tag color={failed ? 'red' : entry.status ? 'green' : 'blue'}>
                {entry.status ?? (entry.error ? '✕' : '…')}
              </Tag>
              <Address url={entry.url} />
              <span className="ms">{entry.ms === undefined ? t.running : `${entry.ms} ms`}</span>
            </button>
            {open === key && <Detail entry={entry} />}
          </div>
        );
      })}
    </Tail>
  );
}

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

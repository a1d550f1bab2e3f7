import type { TraceEntry } from '@sparrow/protocol';
import { Button, Input, Select, Tabs, Tag } from 'antd';
import { useEffect, useRef, useState } from 'react';
import type { PanelLog, PanelNetwork } from './entries.ts';
import { useTexts } from './texts.ts';

type Kind = 'logs' | 'network' | 'trace';
const LEVEL_COLORS: Record<string, string> = {
  error: 'red',
  warn: 'gold',
  info: 'blue',
  log: 'default',
  debug: 'default',
};
const VERB_COLORS: Record<TraceEntry['verb'], string> = {
  Publish: 'green',
  Subscribe: 'purple',
  Invoke: 'blue',
  On: 'orange',
};

const clock = (time: number): string => new Date(time).toTimeString().slice(0, 8);
const matches = (filter: string, ...texts: (string | undefined)[]): boolean =>
  !filter || texts.some((text) => text?.toLowerCase().includes(filter.toLowerCase()));

/** Logs, network and bridge messages of all phones or one. */
export function Panel(props: {
  logs: PanelLog[];
  network: PanelNetwork[];
  trace: TraceEntry[];
  onClear(kind: Kind): void;
}) {
  const t = useTexts();
  const [tab, setTab] = useState<Kind>('logs');
  const [filter, setFilter] = useState('');
  const [phone, setPhone] = useState('');
  const phones = [...new Set([...props.logs, ...props.network, ...props.trace].map((entry) => entry.phone))].filter(
    Boolean,
  );
  const of = <T extends { phone: string }>(entries: T[]): T[] =>
    entries.filter((entry) => !phone || entry.phone === phone || entry.phone === '');

  return (
    <section className="panel">
      <Tabs
        size="small"
        activeKey={tab}
        onChange={(key) => setTab(key as Kind)}
        tabBarExtraContent={
          <div className="panel-tools">
            <Select
              size="small"
              aria-label={t.user}
              value={phone}
              onChange={setPhone}
              options={[{ value: '', label: t.all }, ...phones.map((name) => ({ value: name, label: name }))]}
            />
            <Input
              size="small"
              allowClear
              placeholder={t.filter}
              aria-label={t.filter}
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
            <Button size="small" onClick={() => props.onClear(tab)}>
              {t.clear}
            </Button>
          </div>
        }
        items={[
          {
            key: 'logs',
            label: t.logs,
            children: <Logs entries={of(props.logs).filter((entry) => matches(filter, entry.text, entry.stack))} />,
          },
          {
            key: 'network',
            label: t.network,
            children: <Network entries={of(props.network).filter((entry) => matches(filter, entry.url))} />,
          },
          {
            key: 'trace',
            label: t.trace,
            children: (
              <TraceList
                entries={of(props.trace).filter((entry) => matches(filter, entry.event, entry.summary, entry.verb))}
              />
            ),
          },
        ]}
      />
    </section>
  );
}

/** A list that stays at its end while it grows, unless somebody scrolled up. */
function Tail({ count, children }: { count: number; children: React.ReactNode }) {
  const ref = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new entry is the reason to scroll
  useEffect(() => {
    if (ref.current && atEnd.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [count]);
  const t = useTexts();
  return (
    <div
      className="tail"
      ref={ref}
      onScroll={({ currentTarget: list }) => {
        atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      }}
    >
      {count === 0 ? <p className="empty">{t.empty}</p> : children}
    </div>
  );
}

function Logs({ entries }: { entries: PanelLog[] }) {
  return (
    <Tail count={entries.length}>
      {entries.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity of their own
        <div key={index} className={`line line-${entry.level}`}>
          <time>{clock(entry.time)}</time>
          <Tag color={LEVEL_COLORS[entry.level] ?? 'default'}>{entry.phone || entry.source}</Tag>
          <span className="text">
            {entry.text}
            {entry.stack && <pre>{entry.stack}</pre>}
          </span>
        </div>
      ))}
    </Tail>
  );
}

function Network({ entries }: { entries: PanelNetwork[] }) {
  const t = useTexts();
  const [open, setOpen] = useState('');
  return (
    <Tail count={entries.length}>
      {entries.map((entry) => {
        const key = `${entry.phone}/${entry.time}/${entry.id}`;
        const failed = entry.error !== undefined || (entry.status ?? 0) >= 400;
        return (
          <div key={key} className={`line line-network ${failed ? 'line-error' : ''}`}>
            <button type="button" onClick={() => setOpen(open === key ? '' : key)}>
              <time>{clock(entry.time)}</time>
              <Tag>{entry.phone}</Tag>
              <b>{entry.method}</b>
              <Tag color={failed ? 'red' : entry.status ? 'green' : 'blue'}>
                {entry.status ?? (entry.error ? '✕' : '…')}
              </Tag>
              <span className="text">{entry.url}</span>
              <span className="ms">{entry.ms === undefined ? t.running : `${entry.ms} ms`}</span>
            </button>
            {open === key && (
              <div className="detail">
                {entry.error && <pre className="bad">{entry.error}</pre>}
                <h4>{t.request}</h4>
                <pre>{headers(entry.requestHeader)}</pre>
                {entry.requestBody && <pre>{entry.requestBody}</pre>}
                <h4>{t.response}</h4>
                <pre>{headers(entry.responseHeader ?? {})}</pre>
                {entry.responseBody && <pre>{entry.responseBody}</pre>}
              </div>
            )}
          </div>
        );
      })}
    </Tail>
  );
}

function headers(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

function TraceList({ entries }: { entries: TraceEntry[] }) {
  const t = useTexts();
  return (
    <Tail count={entries.length}>
      {entries.map((entry, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no identity of their own
        <div key={index} className="line">
          <time>{clock(entry.time)}</time>
          <Tag>{entry.phone}</Tag>
          <Tag color={VERB_COLORS[entry.verb]} title={t.verbs[entry.verb]}>
            {entry.verb}
          </Tag>
          <b>{entry.event}</b>
          <span className="text muted">{entry.summary}</span>
        </div>
      ))}
    </Tail>
  );
}

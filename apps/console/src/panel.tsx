import { diagnosticIn, type TraceEntry } from '@sparrow/protocol';
import { Button, Input, Select, Tabs, Tag } from 'antd';
import { memo, useCallback, useState } from 'react';
import { clock, groupStacks, type PanelLog, type PanelNetwork, type PanelTrace, pretty, sizeText } from './entries.ts';
import { Network } from './network.tsx';
import { Tail } from './tail.tsx';
import { type Texts, useTexts } from './texts.ts';

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

const matches = (filter: string, ...texts: (string | undefined)[]): boolean =>
  !filter || texts.some((text) => text?.toLowerCase().includes(filter.toLowerCase()));

/** Logs, network and bridge messages of all phones or one. */
export function Panel(props: {
  logs: PanelLog[];
  network: PanelNetwork[];
  trace: PanelTrace[];
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
            children: (
              <Logs entries={groupStacks(of(props.logs)).filter((entry) => matches(filter, entry.text, entry.stack))} />
            ),
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
                entries={of(props.trace).filter((entry) =>
                  matches(filter, entry.event, entry.page, entry.summary, entry.verb),
                )}
              />
            ),
          },
        ]}
      />
    </section>
  );
}

function Logs({ entries }: { entries: PanelLog[] }) {
  const t = useTexts();
  return (
    <Tail count={entries.at(-1)?.id ?? 0} empty={t.emptyLogs}>
      {entries.map((entry) => (
        <LogRow key={entry.id} entry={entry} />
      ))}
    </Tail>
  );
}

/** One line. What is shown already is not drawn again because others come. */
const LogRow = memo(function LogRow({ entry }: { entry: PanelLog }) {
  const t = useTexts();
  return (
    <div className={`line line-${entry.level}`}>
      <time>{clock(entry.time)}</time>
      <Tag color={LEVEL_COLORS[entry.level] ?? 'default'}>{entry.phone || t.sources[entry.source]}</Tag>
      <span className="text">
        {logText(entry, t)}
        {entry.stack && (
          <details>
            <summary>{entry.source === 'compiler' ? t.lines : t.stack(entry.stack.trim().split('\n').length)}</summary>
            <pre>{entry.stack}</pre>
          </details>
        )}
      </span>
    </div>
  );
});

/** Between which layers a message goes: a call of native comes from the logic, or from the view of a page. */
function directionOf({ verb, pageId }: TraceEntry, t: Texts): string {
  if (verb === 'Publish' || verb === 'Subscribe') return t.verbs[verb];
  const layer = pageId > 0 ? t.sources.view : t.sources.service;
  return verb === 'Invoke' ? `${layer} → ${t.sources.native}` : `${t.sources.native} → ${layer}`;
}

/** A line as it is told: what Sparrow says in the language of the user, everything else as it was written. */
function logText({ text, zh, finding }: PanelLog, { language, spell }: Texts): string {
  if (zh !== undefined && language === 'zh') return spell(zh);
  if (!finding || language !== 'zh') return finding ? spell(text) : text;
  const { message, hint } = diagnosticIn('zh', finding);
  const place = `${finding.file}${finding.line > 0 ? `:${finding.line}:${finding.column}` : ''}`;
  return spell(`${finding.code} ${place} ${message}。${hint}`);
}

function TraceList({ entries }: { entries: PanelTrace[] }) {
  const t = useTexts();
  const [open, setOpen] = useState<number>();
  const toggle = useCallback((id: number) => setOpen((before) => (before === id ? undefined : id)), []);
  return (
    <Tail count={entries.at(-1)?.id ?? 0} empty={t.emptyTrace}>
      {entries.map((entry) => (
        <TraceRow key={entry.id} entry={entry} isOpen={open === entry.id} onToggle={toggle} />
      ))}
    </Tail>
  );
}

const TraceRow = memo(function TraceRow(props: { entry: PanelTrace; isOpen: boolean; onToggle(id: number): void }) {
  const t = useTexts();
  const { entry, isOpen } = props;
  return (
    <div className="line line-network">
      <button type="button" aria-expanded={isOpen} onClick={() => props.onToggle(entry.id)}>
        <time>{clock(entry.time)}</time>
        <Tag>{entry.phone}</Tag>
        <Tag color={VERB_COLORS[entry.verb]} title={entry.verb}>
          {directionOf(entry, t)}
        </Tag>
        <b>{entry.event}</b>
        <span className="text muted">{isOpen ? '' : entry.summary.slice(0, 120)}</span>
        <span className="ms page">{entry.page}</span>
        <span className="ms">{entry.size > 0 && sizeText(entry.size)}</span>
      </button>
      {isOpen && (
        <div className="detail">
          <p>
            {entry.verb} · {directionOf(entry, t)}
            {entry.page && ` · ${entry.page}`}
          </p>
          <pre>{pretty(entry.summary)}</pre>
        </div>
      )}
    </div>
  );
});

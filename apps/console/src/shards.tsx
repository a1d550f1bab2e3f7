import { Alert, Button, Card, Empty, Flex, Input, Progress, Select, Space, Table, Tag, Typography } from 'antd';
import { useEffect, useState } from 'react';
import type { Api, ShardMap } from './api.ts';
import { Prose } from './prose.tsx';
import { useErrorText, useTexts } from './texts.ts';

const COLORS = ['#0f9d70', '#3b82f6', '#f59e0b', '#8b5cf6', '#ef4444', '#14b8a6', '#ec4899', '#64748b'];
const EVERY_MS = 1_000;
type Run = (work: () => Promise<unknown>) => void;

/**
 * Which slots stand where, what moves, and the buttons that grow the store: from one file to shards, and from shard to
 * shard.
 */
export function Shards({ api }: { api: Api }) {
  const t = useTexts();
  const errorText = useErrorText();
  const [map, setMap] = useState<ShardMap>();
  const [absent, setAbsent] = useState('');
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const load = (): void =>
      void api.shards().then(
        (next) => {
          setMap(next);
          setAbsent('');
        },
        (error: unknown) => setAbsent(errorText(error)),
      );
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => clearInterval(timer);
  }, [api, errorText]);
  const run: Run = (work) => {
    setFailure('');
    work().catch((error: unknown) => setFailure(errorText(error)));
  };
  if (!map)
    return absent ? <Alert type="info" showIcon title={<Prose text={absent} />} /> : <Empty description={t.empty} />;
  return (
    <Space orientation="vertical" size="middle" style={{ width: '100%' }}>
      {failure && <Alert type="error" showIcon closable title={<Prose text={failure} />} />}
      {absent && <Alert type="warning" showIcon title={<Prose text={absent} />} />}
      {map.embedded ? <FromFile api={api} map={map} run={run} /> : <Sharded api={api} map={map} run={run} />}
    </Space>
  );
}

function FromFile({ api, map, run }: { api: Api; map: ShardMap; run: Run }) {
  const t = useTexts();
  const [url, setUrl] = useState('');
  const { growth } = map;
  const growing = growth !== undefined && !growth.done && growth.error === undefined;
  return (
    <Flex vertical gap="middle">
      <Alert type="info" showIcon title={<Prose text={t.embeddedStore} />} />
      {growth?.error !== undefined && <Alert type="error" showIcon title={<Prose text={growth.error} />} />}
      <Space.Compact style={{ width: '100%' }}>
        <Input
          aria-label="PostgreSQL"
          placeholder="postgres://user:password@host:5432/database"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Button type="primary" disabled={url === ''} loading={growing} onClick={() => run(() => api.growStore(url))}>
          {t.growToPostgres}
        </Button>
      </Space.Compact>
      {growing && <Typography.Text type="secondary">{t.copiedRows(growth.copied)}</Typography.Text>}
    </Flex>
  );
}

function Sharded({ api, map, run }: { api: Api; map: ShardMap; run: Run }) {
  const t = useTexts();
  const [to, setTo] = useState<string>();
  const [url, setUrl] = useState('');
  const color = (shard: string): string =>
    COLORS[map.shards.findIndex(({ id }) => id === shard) % COLORS.length] ?? '#888';
  const slotsOf = (shard: string): number =>
    map.ranges.reduce((sum, { shard: own, first, last }) => (own === shard ? sum + last - first + 1 : sum), 0);
  const largest = [...map.ranges].sort((a, b) => b.last - b.first - (a.last - a.first))[0];
  const others = map.shards.filter(({ id }) => id !== largest?.shard);
  const smallest = [...others].sort((a, b) => slotsOf(a.id) - slotsOf(b.id))[0];
  const target = others.some(({ id }) => id === to) ? to : smallest?.id;
  const half = largest && {
    first: largest.first + Math.ceil((largest.last - largest.first + 1) / 2),
    last: largest.last,
  };
  const busy = map.moves.some(({ state }) => !['done', 'aborted', 'reversible'].includes(state));
  const next = Array.from({ length: 1_000 }, (_, i) => `s${i}`).find((id) => map.shards.every((one) => one.id !== id));
  return (
    <Flex vertical gap="middle">
      <div
        role="img"
        aria-label={map.ranges.map(({ first, last, shard }) => `${shard} ${first}–${last}`).join(', ')}
        style={{ display: 'flex', height: 40, borderRadius: 8, overflow: 'hidden' }}
      >
        {map.ranges.map(({ first, last, shard }) => (
          <div
            key={first}
            title={`${shard}: ${first}–${last}`}
            style={{
              flex: last - first + 1,
              background: color(shard),
              color: '#fff',
              textAlign: 'center',
              lineHeight: '40px',
              overflow: 'hidden',
              borderRight: last + 1 < map.slots ? '1px solid #fff' : undefined,
            }}
          >
            {last - first + 1 > map.slots / 16 ? shard : ''}
          </div>
        ))}
      </div>
      <Flex gap="small" wrap>
        {map.shards.map(({ id, state, standbys }) => (
          <Card key={id} size="small" style={{ minWidth: 150, borderLeft: `4px solid ${color(id)}` }}>
            <strong>{id}</strong> {state !== 'active' && <Tag>{state}</Tag>}
            <div>
              {slotsOf(id)} {t.slots} · {Math.round((100 * slotsOf(id)) / map.slots)} %
            </div>
            <Typography.Text type="secondary">
              {standbys} {t.standbys}
            </Typography.Text>
          </Card>
        ))}
      </Flex>
      <Space wrap>
        <Button
          type="primary"
          disabled={!half || !target || half.first > half.last || busy}
          loading={busy}
          onClick={() => {
            if (half && largest && target)
              run(() => api.moveSlots({ from: largest.shard, to: target, first: half.first, last: half.last }));
          }}
        >
          {t.grow}
        </Button>
        {half && largest && target ? (
          <>
            <span>
              {largest.shard} {half.first}–{half.last} →
            </span>
            <Select
              aria-label={t.growTo}
              value={target}
              onChange={setTo}
              style={{ minWidth: 90 }}
              options={others.map(({ id }) => ({ value: id, label: id }))}
            />
          </>
        ) : (
          <Typography.Text type="secondary">{t.addShardFirst}</Typography.Text>
        )}
      </Space>
      <Space.Compact style={{ width: '100%' }}>
        <Input
          aria-label={t.addShard}
          placeholder="postgres://user:password@host:5432/database"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Button
          disabled={url === '' || next === undefined}
          onClick={() =>
            run(async () => {
              await api.addShard(next as string, url);
              setUrl('');
            })
          }
        >
          {t.addShard} {next}
        </Button>
      </Space.Compact>
      <Table
        size="small"
        rowKey="id"
        pagination={false}
        locale={{ emptyText: t.noMoves }}
        dataSource={map.moves}
        columns={[
          { title: t.move, key: 'move', render: (_, move) => `${move.from} → ${move.to}  ${move.first}–${move.last}` },
          {
            title: t.state,
            key: 'state',
            render: (_, move) => (
              <Tag color={move.error ? 'red' : move.state === 'done' ? 'green' : 'blue'}>
                {move.error ?? move.state}
              </Tag>
            ),
          },
          {
            title: t.progress,
            key: 'share',
            width: 160,
            render: (_, move) => (
              <Progress
                size="small"
                percent={Math.round((100 * (move.switched - move.first)) / (move.last - move.first + 1))}
              />
            ),
          },
          {
            title: t.longestFence,
            key: 'fence',
            render: (_, move) =>
              move.fencesMs.length > 0
                ? `${Math.round(Math.max(...move.fencesMs))} ms · ${move.fencesMs.length}${move.retries > 0 ? ` (${move.retries} ↺)` : ''}`
                : '',
          },
        ]}
      />
    </Flex>
  );
}

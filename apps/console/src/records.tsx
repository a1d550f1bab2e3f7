import {
  Alert,
  Button,
  Empty,
  Form,
  Input,
  InputNumber,
  Modal,
  Popconfirm,
  Select,
  Space,
  Switch,
  Table,
  Tabs,
  Tag,
} from 'antd';
import { useCallback, useEffect, useState } from 'react';
import type { Api, RecordTable, ShardMap, SlowLog, StoredRecord } from './api.ts';
import { useTexts } from './texts.ts';

/** Records of the app: tables with an editor, the map of shards, slow operations. */
export function Records({ api }: { api: Api }) {
  const t = useTexts();
  return (
    <Tabs
      items={[
        { key: 'tables', label: t.tables, children: <Tables api={api} /> },
        { key: 'shards', label: t.shards, children: <Shards api={api} /> },
        { key: 'slow', label: t.slowLog, children: <Slow api={api} /> },
      ]}
    />
  );
}

function Tables({ api }: { api: Api }) {
  const t = useTexts();
  const [tables, setTables] = useState<RecordTable[]>();
  const [name, setName] = useState('');
  const [records, setRecords] = useState<StoredRecord[]>([]);
  const [cursors, setCursors] = useState<(string | undefined)[]>([undefined]);
  const [next, setNext] = useState<string>();
  const [query, setQuery] = useState('');
  const [failure, setFailure] = useState('');
  const [editing, setEditing] = useState<Partial<StoredRecord>>();
  const table = tables?.find((entry) => entry.name === name);

  useEffect(() => {
    api.recordTables().then(
      (found) => {
        setTables(found.tables);
        setName(found.tables.find(({ kind }) => kind === 'GENERIC')?.name ?? '');
      },
      (error: Error) => setFailure(error.message),
    );
  }, [api]);

  const load = useCallback(
    async (cursor: string | undefined, text: string): Promise<void> => {
      if (!name) return;
      try {
        const page = await api.records(name, cursor, text);
        setRecords(page.records);
        setNext(page.cursor);
        setFailure('');
      } catch (error) {
        setFailure((error as Error).message);
      }
    },
    [api, name],
  );
  useEffect(() => {
    setCursors([undefined]);
    setQuery('');
    void load(undefined, '');
  }, [load]);

  if (failure && !tables) return <Alert type="info" showIcon title={failure} />;
  if (!tables) return <Empty description={t.empty} />;
  const turn = (pages: (string | undefined)[]): void => {
    setCursors(pages);
    void load(pages.at(-1), query);
  };
  return (
    <Space orientation="vertical" style={{ width: '100%' }}>
      <Space wrap>
        <Select
          aria-label={t.tables}
          value={name}
          onChange={setName}
          style={{ minWidth: 180 }}
          options={tables.map((entry) => ({
            value: entry.name,
            disabled: entry.kind !== 'GENERIC',
            label: `${entry.name} (${entry.count ?? entry.kind})`,
          }))}
        />
        <Input.Search
          allowClear
          style={{ width: 420 }}
          placeholder={`select * from ${name || 'Table'} where …`}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onSearch={() => turn([undefined])}
        />
        <Button onClick={() => setEditing({ record: {} })}>＋ {t.newRecord}</Button>
      </Space>
      {failure && <Alert type="error" title={failure} />}
      <Table
        size="small"
        rowKey={(row) => JSON.stringify(table?.key.map((field) => row.record[field]))}
        dataSource={records}
        pagination={false}
        scroll={{ x: true }}
        columns={[
          ...(table?.fields ?? []).map(({ name: field, encrypted }) => ({
            title: encrypted ? `${field} 🔒` : field,
            key: field,
            ellipsis: true,
            render: (_: unknown, row: StoredRecord) => short(row.record[field]),
          })),
          { title: t.version, dataIndex: 'version', key: '$version' },
          {
            key: '$actions',
            render: (_: unknown, row: StoredRecord) => (
              <Space>
                <Button size="small" onClick={() => setEditing(row)}>
                  {t.edit}
                </Button>
                <Popconfirm
                  title={t.deleteRecord}
                  onConfirm={async () => {
                    const key = Object.fromEntries((table?.key ?? []).map((field) => [field, row.record[field]]));
                    await api.deleteRecord(name, key).catch((error: Error) => setFailure(error.message));
                    await load(cursors.at(-1), query);
                  }}
                >
                  <Button size="small" danger>
                    ✕
                  </Button>
                </Popconfirm>
              </Space>
            ),
          },
        ]}
      />
      <Space>
        <Button size="small" disabled={cursors.length < 2} onClick={() => turn(cursors.slice(0, -1))}>
          ‹
        </Button>
        <Button size="small" disabled={next === undefined} onClick={() => turn([...cursors, next])}>
          ›
        </Button>
      </Space>
      {table && editing && (
        <Editor
          table={table}
          value={editing}
          onClose={() => setEditing(undefined)}
          onSave={async (record) => {
            await api.putRecord(name, record, editing.version ?? 0);
            setEditing(undefined);
            await load(cursors.at(-1), query);
          }}
        />
      )}
    </Space>
  );
}

const short = (value: unknown): string => {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

/** A form by the types of the fields; a record that somebody changed meanwhile is not overwritten. */
function Editor(props: {
  table: RecordTable;
  value: Partial<StoredRecord>;
  onClose(): void;
  onSave(record: Record<string, unknown>): Promise<void>;
}) {
  const t = useTexts();
  const { table, value } = props;
  const [form] = Form.useForm<Record<string, unknown>>();
  const [failure, setFailure] = useState('');
  const structured = (field: RecordTable['fields'][number]): boolean => field.many || field.type === 'message';
  const initial = Object.fromEntries(
    table.fields.map((field) => [
      field.name,
      structured(field) ? JSON.stringify(value.record?.[field.name] ?? null) : value.record?.[field.name],
    ]),
  );
  return (
    <Modal
      open
      title={`${table.name}${value.version ? ` · ${t.version} ${value.version}` : ''}`}
      okText={t.save}
      onCancel={props.onClose}
      onOk={async () => {
        try {
          const given = form.getFieldsValue();
          const record: Record<string, unknown> = {};
          for (const field of table.fields) {
            const own = given[field.name];
            if (own === undefined || own === null || own === '') continue;
            record[field.name] = structured(field) ? JSON.parse(String(own)) : own;
          }
          await props.onSave(record);
        } catch (error) {
          setFailure((error as Error).message);
        }
      }}
    >
      {failure && <Alert type="error" title={failure} />}
      <Form form={form} layout="vertical" initialValues={initial}>
        {table.fields.map((field) => (
          <Form.Item
            key={field.name}
            name={field.name}
            label={`${field.name} · ${field.type}${field.many ? ' …' : ''}`}
            extra={field.description}
            valuePropName={field.type === 'bool' && !field.many ? 'checked' : 'value'}
          >
            {field.type === 'bool' && !field.many ? (
              <Switch />
            ) : !structured(field) && /^(u|s|s?fixed|us)?(int|fixed)?32$|^(double|float)$/.test(field.type) ? (
              <InputNumber
                style={{ width: '100%' }}
                disabled={value.version !== undefined && table.key.includes(field.name)}
              />
            ) : (
              <Input disabled={value.version !== undefined && table.key.includes(field.name)} />
            )}
          </Form.Item>
        ))}
      </Form>
    </Modal>
  );
}

const SHARD_COLORS = ['#0f9d70', '#3b82f6', '#f59e0b', '#8b5cf6', '#ef4444', '#14b8a6', '#ec4899', '#64748b'];

/** Which slots stand where, what moves, and the button that grows the store. */
function Shards({ api }: { api: Api }) {
  const t = useTexts();
  const [map, setMap] = useState<ShardMap>();
  const [failure, setFailure] = useState('');
  const [to, setTo] = useState<string>();
  useEffect(() => {
    const load = (): void => void api.shards().then(setMap, (error: Error) => setFailure(error.message));
    load();
    const timer = setInterval(load, 1_000);
    return () => clearInterval(timer);
  }, [api]);
  if (failure) return <Alert type="info" showIcon title={failure} />;
  if (!map) return <Empty description={t.empty} />;
  if (map.embedded) return <Alert type="info" showIcon title={t.embeddedStore} />;
  const color = (shard: string): string =>
    SHARD_COLORS[map.shards.findIndex(({ id }) => id === shard) % SHARD_COLORS.length] ?? '#888';
  const largest = [...map.ranges].sort((a, b) => b.last - b.first - (a.last - a.first))[0];
  const target = to ?? map.shards.find(({ id }) => !map.ranges.some((range) => range.shard === id))?.id;
  return (
    <Space orientation="vertical" style={{ width: '100%' }}>
      <div style={{ display: 'flex', height: 36, borderRadius: 8, overflow: 'hidden' }}>
        {map.ranges.map(({ first, last, shard }) => (
          <div
            key={first}
            title={`${shard}: ${first}–${last}`}
            style={{
              flex: last - first + 1,
              background: color(shard),
              color: '#fff',
              textAlign: 'center',
              lineHeight: '36px',
              overflow: 'hidden',
            }}
          >
            {shard}
          </div>
        ))}
      </div>
      <Space>
        {map.shards.map(({ id }) => (
          <Tag key={id} color={color(id)}>
            {id}
          </Tag>
        ))}
        <Select
          aria-label={t.growTo}
          value={target ?? null}
          onChange={(id) => setTo(id ?? undefined)}
          style={{ minWidth: 120 }}
          options={map.shards.filter(({ id }) => id !== largest?.shard).map(({ id }) => ({ value: id, label: id }))}
        />
        <Button
          type="primary"
          disabled={!largest || !target || largest.first === largest.last}
          onClick={() => {
            if (!largest || !target) return;
            const first = largest.first + Math.ceil((largest.last - largest.first + 1) / 2);
            void api
              .moveSlots({ from: largest.shard, to: target, first, last: largest.last })
              .catch((error: Error) => setFailure(error.message));
          }}
        >
          {t.growTo} {target}
        </Button>
      </Space>
      <Table
        size="small"
        rowKey="id"
        pagination={false}
        dataSource={map.moves}
        columns={[
          { title: t.move, key: 'move', render: (_, move) => `${move.from} → ${move.to}  ${move.first}–${move.last}` },
          {
            title: t.state,
            key: 'state',
            render: (_, move) => <Tag color={move.error ? 'red' : 'blue'}>{move.error ?? move.state}</Tag>,
          },
          {
            title: '%',
            key: 'share',
            render: (_, move) => Math.round((100 * (move.switched - move.first)) / (move.last - move.first + 1)),
          },
        ]}
      />
    </Space>
  );
}

function Slow({ api }: { api: Api }) {
  const t = useTexts();
  const [log, setLog] = useState<SlowLog>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    api.slowLog().then(setLog, (error: Error) => setFailure(error.message));
  }, [api]);
  if (failure) return <Alert type="info" showIcon title={failure} />;
  return (
    <Table
      size="small"
      rowKey={(entry) => `${entry.at} ${entry.op} ${entry.ms}`}
      dataSource={log?.slow ?? []}
      pagination={{ pageSize: 20 }}
      columns={[
        { title: t.time, key: 'at', render: (_, entry) => new Date(entry.at).toLocaleTimeString() },
        { title: t.operation, dataIndex: 'op', key: 'op' },
        { title: t.tables, dataIndex: 'table', key: 'table' },
        { title: 'ms', key: 'ms', render: (_, entry) => entry.ms.toFixed(1) },
        { title: t.problems, dataIndex: 'error', key: 'error' },
      ]}
    />
  );
}

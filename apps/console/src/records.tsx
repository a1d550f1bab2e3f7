import {
  Alert,
  Button,
  Empty,
  Flex,
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
  Typography,
} from 'antd';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Api, RecordTable, SlowLog, StoredRecord } from './api.ts';
import { Prose } from './prose.tsx';
import { Shards } from './shards.tsx';
import { useErrorText, useTexts } from './texts.ts';

/** Records of the app: tables with an editor, the map of shards, slow operations. */
export function Records({ api }: { api: Api }) {
  const t = useTexts();
  const [state, setState] = useState<'asked' | 'there' | 'none'>('asked');
  useEffect(() => {
    api.recordTables().then(
      () => setState('there'),
      // Any other failure is told by the tabs, each in its place.
      (error: Error) => setState(error.message.includes('has no records.proto') ? 'none' : 'there'),
    );
  }, [api]);
  if (state === 'asked') return null;
  if (state === 'none')
    return (
      <Empty
        description={
          <p className="explained">
            <Prose text={t.noRecords} />
          </p>
        }
      />
    );
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
  const errorText = useErrorText();
  const [tables, setTables] = useState<RecordTable[]>();
  const [name, setName] = useState('');
  const [shown, setShown] = useState<{ of: string; records: StoredRecord[] }>({ of: '', records: [] });
  const latest = useRef(0);
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
      (error: unknown) => setFailure(errorText(error)),
    );
  }, [api, errorText]);

  const isList = table !== undefined && table.kind !== 'GENERIC';
  /** Fields of a list's key, as they are typed: in their order, with commas between. */
  const keyOf = useCallback(
    (text: string): Record<string, string> => {
      const values = text.split(',').map((value) => value.trim());
      return Object.fromEntries((table?.key ?? []).map((field, i) => [field, values[i] ?? '']));
    },
    [table],
  );

  const load = useCallback(
    async (cursor: string | undefined, text: string): Promise<void> => {
      if (!name) return;
      // Answers may overtake each other; only that of the newest question is shown.
      latest.current += 1;
      const ticket = latest.current;
      if (isList && text === '') {
        setShown({ of: name, records: [] });
        setNext(undefined);
        return;
      }
      try {
        const page = await api.records(name, { cursor, ...(isList ? { key: keyOf(text) } : { query: text }) });
        if (ticket !== latest.current) return;
        setShown({ of: name, records: page.records });
        setNext(page.cursor);
        setFailure('');
      } catch (error) {
        if (ticket === latest.current) setFailure(errorText(error));
      }
    },
    [api, name, isList, keyOf, errorText],
  );
  useEffect(() => {
    setCursors([undefined]);
    setQuery('');
    void load(undefined, '');
  }, [load]);

  if (failure && !tables) return <Alert type="info" showIcon title={<Prose text={failure} />} />;
  if (!tables) return <Empty description={t.empty} />;
  const turn = (pages: (string | undefined)[]): void => {
    setCursors(pages);
    void load(pages.at(-1), query);
  };
  return (
    <Space orientation="vertical" style={{ width: '100%' }}>
      <Flex gap="small" wrap>
        <Select
          aria-label={t.tables}
          value={name}
          onChange={setName}
          style={{ minWidth: 180 }}
          options={tables.map((entry) => ({
            value: entry.name,
            label: `${entry.name} (${entry.count ?? entry.kind})`,
          }))}
        />
        <Input.Search
          allowClear
          style={{ flex: '1 1 200px' }}
          placeholder={isList ? `${t.listOf} ${table.key.join(', ')}` : `select * from ${name || 'Table'} where …`}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onSearch={() => turn([undefined])}
        />
        <Button disabled={isList && query === ''} onClick={() => setEditing({ record: isList ? keyOf(query) : {} })}>
          ＋ {t.newRecord}
        </Button>
      </Flex>
      {failure && <Alert type="error" title={<Prose text={failure} />} />}
      <Table
        // Rows of one table have no key in another: they must not be drawn under its columns even once.
        key={name}
        size="small"
        rowKey={(row) => JSON.stringify([row.index, ...(table?.key ?? []).map((field) => row.record[field])])}
        dataSource={shown.of === name ? shown.records : []}
        pagination={false}
        scroll={{ x: 'max-content' }}
        columns={[
          ...(table?.fields ?? []).map(({ name: field, encrypted }) => ({
            title: encrypted ? `${field} 🔒` : field,
            key: field,
            ellipsis: true,
            render: (_: unknown, row: StoredRecord) => (
              <Typography.Text ellipsis={{ tooltip: true }} style={{ maxWidth: 200 }}>
                {short(row.record[field])}
              </Typography.Text>
            ),
          })),
          ...(isList ? [{ title: t.index, dataIndex: 'index', key: '$index' }] : []),
          { title: t.version, dataIndex: 'version', key: '$version' },
          {
            key: '$actions',
            fixed: 'right',
            render: (_: unknown, row: StoredRecord) => (
              <Space>
                <Button size="small" onClick={() => setEditing(row)}>
                  {t.edit}
                </Button>
                <Popconfirm
                  title={t.deleteRecord}
                  onConfirm={async () => {
                    const key = Object.fromEntries((table?.key ?? []).map((field) => [field, row.record[field]]));
                    await api
                      .deleteRecord(name, key, row.index)
                      .catch((error: unknown) => setFailure(errorText(error)));
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
            await api.putRecord(name, record, editing.version ?? 0, editing.index);
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
  const errorText = useErrorText();
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
          setFailure(errorText(error));
        }
      }}
    >
      {failure && <Alert type="error" title={<Prose text={failure} />} />}
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

function Slow({ api }: { api: Api }) {
  const t = useTexts();
  const errorText = useErrorText();
  const [log, setLog] = useState<SlowLog>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const load = (): void => void api.slowLog().then(setLog, (error: unknown) => setFailure(errorText(error)));
    load();
    const timer = setInterval(load, 2_000);
    return () => clearInterval(timer);
  }, [api, errorText]);
  if (failure && !log) return <Alert type="info" showIcon title={<Prose text={failure} />} />;
  return (
    <Space orientation="vertical" style={{ width: '100%' }}>
      {log && log.hot.length > 0 && (
        <Table
          size="small"
          rowKey={(entry) => `${entry.table} ${entry.key}`}
          dataSource={log.hot}
          pagination={false}
          columns={[
            { title: t.hotKeys, key: 'key', render: (_, entry) => <code>{`${entry.table} ${entry.key}`}</code> },
            { title: t.callsPerSecond, dataIndex: 'calls', key: 'calls', align: 'right' },
          ]}
        />
      )}
      <Table
        size="small"
        rowKey={(entry) => `${entry.at} ${entry.op} ${entry.ms}`}
        dataSource={log?.slow ?? []}
        locale={{ emptyText: t.noSlow }}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        columns={[
          { title: t.time, key: 'at', render: (_, entry) => new Date(entry.at).toLocaleTimeString() },
          { title: t.operation, dataIndex: 'op', key: 'op' },
          { title: t.table, dataIndex: 'table', key: 'table' },
          { title: t.key, key: 'key', render: (_, entry) => <Typography.Text code>{entry.key}</Typography.Text> },
          { title: 'ms', key: 'ms', align: 'right', render: (_, entry) => entry.ms.toFixed(1) },
          { title: t.problems, dataIndex: 'error', key: 'error' },
        ]}
      />
    </Space>
  );
}

import { Alert, Button, Empty, Input, message as messages, Space, Table, Tag } from 'antd';
import { useEffect, useState } from 'react';
import { type Api, ApiError, type GameFault, type GameLookup, type GamePicture } from './api.ts';
import { Prose } from './prose.tsx';
import { useErrorText, useTexts } from './texts.ts';

const EVERY_MS = 1_000;
const ROUTER_FAULTS: GameFault[] = ['kill', 'kill-host', 'stop', 'continue', 'cut-coordinator', 'garbage'];
const NODE_FAULTS: GameFault[] = ['kill', 'stop', 'continue', 'slow', 'flood'];

/** Sets, routers, nodes and links of a running game, as they are now. */
export function Game({ api }: { api: Api }) {
  const { game: t } = useTexts();
  const errorText = useErrorText();
  const [message, messageHolder] = messages.useMessage();
  const [picture, setPicture] = useState<GamePicture>();
  const [failure, setFailure] = useState<'none' | { error: unknown }>();
  const [round, setRound] = useState(0);
  const [found, setFound] = useState<{ name: string; answer: GameLookup }>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another round looks anew
  useEffect(() => {
    let isOver = false;
    const look = async (): Promise<void> => {
      while (!isOver) {
        try {
          const next = await api.game();
          if (isOver) return;
          setPicture(next);
          setFailure(undefined);
        } catch (error) {
          if (isOver) return;
          // A project without a game gets none by being asked again.
          if (error instanceof ApiError && error.status === 404) return setFailure('none');
          setFailure({ error });
        }
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    };
    void look();
    return () => {
      isOver = true;
    };
  }, [api, round]);

  const find = async (name: string): Promise<void> => {
    const at = name.indexOf('/');
    if (at > 0) setFound({ name, answer: await api.lookUp(name.slice(0, at), name.slice(at + 1)) });
  };
  if (!picture)
    return (
      <div className="game">
        {failure === 'none' && (
          <Empty description={<p className="explained">{t.none}</p>}>
            <Button onClick={() => setRound(round + 1)}>{t.lookAgain}</Button>
          </Empty>
        )}
        {failure && failure !== 'none' && (
          <Alert type="error" showIcon title={<Prose text={errorText(failure.error)} />} />
        )}
      </div>
    );

  const rateOf = (set: string, router: string) => picture.rates.find((one) => one.set === set && one.router === router);
  const mains = picture.routers.filter(({ role }) => role === 'main');
  const linked = mains.flatMap((main) => main.nodes.filter((node) => node.set === main.set));
  // What sleeps does not answer, and must be there to be woken.
  const silent = (kind: 'router' | 'node', isThere: (set: string, name: string) => boolean) =>
    picture.processes.filter((one) => one.kind === kind && !isThere(one.set, one.name));
  const routers = [
    ...picture.routers,
    ...silent('router', (set, name) => picture.routers.some((one) => one.set === set && one.router === name)).map(
      ({ set, name }) => ({ set, router: name, role: 'away' as const, term: '', routes: '', slots: '' }),
    ),
  ];
  const nodes = [
    ...linked,
    ...silent('node', (set, name) => linked.some((one) => one.set === set && one.node === name)).map(
      ({ set, name }) => ({ set, node: name, routes: '', types: [], isLinked: false, isDraining: false }),
    ),
  ];
  const links = picture.rates.flatMap(({ set, router, links: all }) =>
    all.map((link) => ({ ...link, from: `${set}/${router}` })),
  );
  const doFault = (kind: GameFault, set: string, name: string, of?: string): void =>
    void api.gameFault({ kind, set, name, ...(of && { of }) }).then(
      () => message.success(`${t.faultNames[kind]}: ${of ?? `${set}/${name}`}`),
      (error: unknown) => message.error(errorText(error)),
    );
  const faults = (kinds: GameFault[], set: string, name: string) =>
    picture.processes.some((one) => one.set === set && one.name === name) && (
      <Space size={4} wrap>
        {kinds.map((kind) => (
          <Button key={kind} size="small" danger={kind.startsWith('kill')} onClick={() => doFault(kind, set, name)}>
            {t.faultNames[kind]}
          </Button>
        ))}
      </Space>
    );
  const started = (kind: 'router' | 'node'): boolean => picture.processes.some((one) => one.kind === kind);
  const since = (seconds: number | null | undefined): string =>
    typeof seconds === 'number' ? `, ${t.since} ${new Date(Date.now() - seconds * 1000).toLocaleTimeString()}` : '';
  return (
    <div className="game">
      {messageHolder}
      <Space>
        <Input.Search
          placeholder={t.find}
          onSearch={(name) => void find(name).catch(() => {})}
          style={{ width: 360 }}
        />
        {found && (
          <span>
            {found.name}{' '}
            {found.answer.found
              ? `${t.on} ${found.answer.set}/${found.answer.node}, ${t.epoch} ${found.answer.epoch?.term}.${found.answer.epoch?.counter}${since(found.answer.heldForSeconds)}, ${t.decidedBy} ${found.answer.decidedBy}`
              : t.notFound}
          </span>
        )}
        {picture.faults && found?.answer.set && (
          <Button size="small" onClick={() => doFault('duplicate', found.answer.set ?? '', '-', found.name)}>
            {t.faultNames.duplicate}
          </Button>
        )}
      </Space>
      <Table
        className="game-routers"
        size="small"
        pagination={false}
        rowKey={(one) => `${one.set}/${one.router}`}
        dataSource={routers}
        columns={[
          { title: t.set, dataIndex: 'set' },
          { title: t.router, dataIndex: 'router' },
          {
            title: t.role,
            render: (_, one) => (
              <Tag color={one.role === 'main' ? 'green' : one.role === 'away' ? 'red' : 'default'}>{t[one.role]}</Tag>
            ),
          },
          { title: t.term, dataIndex: 'term' },
          { title: t.routes, dataIndex: 'routes' },
          { title: t.slots, dataIndex: 'slots' },
          { title: t.rate, render: (_, one) => rateOf(one.set, one.router)?.forwarded ?? '' },
          { title: t.refused, render: (_, one) => rateOf(one.set, one.router)?.refused ?? '' },
          {
            title: t.cpu,
            render: (_, one) => {
              const rate = rateOf(one.set, one.router);
              return rate ? `${(rate.cpu * 100).toFixed(1)} %` : '';
            },
          },
          ...(started('router')
            ? [
                {
                  title: t.faults,
                  render: (_: unknown, one: { set: string; router: string }) =>
                    faults(ROUTER_FAULTS, one.set, one.router),
                },
              ]
            : []),
        ]}
      />
      <Table
        className="game-nodes"
        size="small"
        pagination={false}
        rowKey={(one) => `${one.set}/${one.node}`}
        dataSource={nodes}
        columns={[
          { title: t.set, dataIndex: 'set' },
          { title: t.node, dataIndex: 'node' },
          { title: t.routes, dataIndex: 'routes' },
          { title: t.types, render: (_, one) => one.types.filter((type) => !type.startsWith('@')).join(' ') },
          {
            title: t.state,
            render: (_, one) => (one.isDraining ? t.draining : one.isLinked ? t.linked : t.away),
          },
          ...(started('node')
            ? [
                {
                  title: t.faults,
                  render: (_: unknown, one: { set: string; node: string }) => faults(NODE_FAULTS, one.set, one.node),
                },
              ]
            : []),
        ]}
      />
      <Table
        className="game-links"
        size="small"
        pagination={false}
        rowKey={(one) => `${one.from}>${one.to}`}
        dataSource={links}
        columns={[
          { title: t.links, dataIndex: 'from' },
          { title: t.to, dataIndex: 'to' },
          { title: t.rate, render: (_, one) => one.in + one.out },
          { title: t.waiting, dataIndex: 'waiting' },
          {
            title: t.roundTrip,
            render: (_, one) => (one.roundTripMs === null ? '' : `${one.roundTripMs.toFixed(1)} ms`),
          },
          ...(picture.faults
            ? [
                {
                  title: t.faults,
                  render: (_: unknown, one: { from: string; to: string }) => {
                    const [set = '', name = ''] = one.from.split('/');
                    return (
                      <Button size="small" onClick={() => doFault('deaf', set, name, one.to)}>
                        {t.faultNames.deaf}
                      </Button>
                    );
                  },
                },
              ]
            : []),
        ]}
      />
    </div>
  );
}

import type { BackendStatus, PhoneMessage } from '@sparrow/protocol';
import { Alert, Badge, Button, Drawer, Space, Switch, Tooltip } from 'antd';
import { useEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { ApiError, createApi, readToken, type SimulatorInfo, type Status } from './api.ts';
import { createIntake, type PanelLog, type PanelNetwork, type PanelTrace } from './entries.ts';
import { Game } from './game.tsx';
import { Panel } from './panel.tsx';
import { Phones } from './phones.tsx';
import { Records } from './records.tsx';
import { type Language, spellTexts, TextContext, useTexts } from './texts.ts';

/** How often the console looks whether its server is there. Milliseconds. */
const WATCH_MS = 2_000;

/** Messages of so long are shown together. Milliseconds. */
const FLUSH_MS = 100;

/** Entries the panel keeps of each kind; older ones go. */
const KEPT = 1_000;

const COLORS: Record<BackendStatus['state'], 'success' | 'processing' | 'error' | 'default'> = {
  running: 'success',
  starting: 'processing',
  crashed: 'error',
  stopped: 'default',
  none: 'default',
};

export function App(props: {
  dark: boolean;
  onDark(dark: boolean): void;
  language: Language;
  onLanguage(language: Language): void;
}) {
  const texts = useTexts();
  const api = useMemo(() => createApi(readToken()), []);
  const [status, setStatus] = useState<Status>();
  const t = useMemo(() => spellTexts(texts, status ?? {}), [texts, status]);
  const [simulator, setSimulator] = useState<SimulatorInfo>();
  const [link, setLink] = useState<'up' | 'down' | 'token'>('up');
  const [isGame, setIsGame] = useState(false);
  const [showRecords, setShowRecords] = useState(false);
  const [backend, setBackend] = useState<BackendStatus>({ state: 'none', restarts: 0 });
  const [logs, setLogs] = useState<PanelLog[]>([]);
  const [network, setNetwork] = useState<PanelNetwork[]>([]);
  const [trace, setTrace] = useState<PanelTrace[]>([]);

  const lastId = useRef(0);

  useEffect(() => {
    let isOver = false;
    let isFirst = true;
    const load = async (): Promise<void> => {
      const [nextStatus, nextSimulator] = await Promise.all([api.status(), api.simulator()]);
      if (isFirst) {
        const { lines } = await api.logs();
        if (!isOver) setLogs(lines.map((line) => ({ ...line, id: ++lastId.current, phone: '' })));
      }
      if (isOver) return;
      isFirst = false;
      setStatus(nextStatus);
      setBackend(nextStatus.backend);
      setSimulator(nextSimulator);
      document.title = `${nextStatus.title} · Sparrow`;
    };
    let hasLoaded = false;
    // The server may be stopped and started again at any time; the console says so, and comes back with it.
    const watch = async (): Promise<void> => {
      while (!isOver) {
        try {
          if (hasLoaded) await api.status();
          else await load();
          hasLoaded = true;
          setLink('up');
        } catch (error) {
          hasLoaded = false;
          if (!isOver) setLink(error instanceof ApiError && error.status === 401 ? 'token' : 'down');
        }
        await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      }
    };
    void watch();
    return () => {
      isOver = true;
    };
  }, [api]);

  useEffect(() => {
    // Messages of one moment are shown together: a page that scrolls sends hundreds a second.
    const intake = createIntake();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let first = '';
    const flush = (): void => {
      const batch = intake.take();
      // Drawn before the next piece comes: a browser that is late would draw several in one.
      flushSync(() => show(batch));
      timer = intake.size > 0 ? setTimeout(flush, FLUSH_MS) : undefined;
    };
    const show = (batch: readonly PhoneMessage[]): void => {
      const newLogs: PanelLog[] = [];
      const newTrace: PanelTrace[] = [];
      const newNetwork: PanelNetwork[] = [];
      const restarted = new Set<string>();
      for (const message of batch) {
        const phone = message.sparrowPhone;
        if (message.started) restarted.add(phone);
        if (message.log) newLogs.push({ ...message.log, id: ++lastId.current, source: 'service', phone });
        if (message.trace) newTrace.push({ ...message.trace, id: ++lastId.current });
        if (message.network) newNetwork.push({ ...message.network, phone });
        // Every phone hears the server's events; one of them speaks for all.
        first ||= phone;
        if (message.dev && phone === first) {
          const { dev } = message;
          if (dev.type === 'backend') setBackend(dev.status);
          else if (dev.type === 'hello') setBackend(dev.backend);
          else if (dev.type === 'log') newLogs.push({ ...dev.line, id: ++lastId.current, phone: '' });
        }
      }
      if (newLogs.length > 0) setLogs((old) => [...old, ...newLogs].slice(-KEPT));
      // What the logic layer has seen comes a little later than what the phone has.
      const byTime = (one: PanelTrace, other: PanelTrace): number => one.time - other.time;
      if (newTrace.length > 0) setTrace((old) => [...old, ...newTrace].sort(byTime).slice(-KEPT));
      if (newNetwork.length > 0 || restarted.size > 0)
        setNetwork((old) => {
          // What a phone had open when it was started anew has ended with it.
          const ended = old.map((entry) =>
            entry.ms === undefined && restarted.has(entry.phone) ? { ...entry, ms: Date.now() - entry.time } : entry,
          );
          const merged = new Map(ended.map((entry) => [`${entry.phone}/${entry.time}/${entry.id}`, entry]));
          for (const entry of newNetwork) merged.set(`${entry.phone}/${entry.time}/${entry.id}`, entry);
          return [...merged.values()].slice(-KEPT);
        });
    };
    const listen = (event: MessageEvent<PhoneMessage>): void => {
      if (event.origin !== location.origin || typeof event.data?.sparrowPhone !== 'string') return;
      intake.add(event.data);
      timer ??= setTimeout(flush, FLUSH_MS);
    };
    window.addEventListener('message', listen);
    return () => {
      window.removeEventListener('message', listen);
      clearTimeout(timer);
    };
  }, []);

  const reason = props.language === 'zh' ? (backend.reasonZh ?? backend.reason) : backend.reason;

  if (link === 'token')
    return (
      <div className="center">
        <Alert type="error" showIcon title={t.noToken} />
      </div>
    );

  return (
    <TextContext value={t}>
      <div className="console">
        <header>
          <span className="brand">
            <Bird /> Sparrow <small>麻雀</small>
          </span>
          <strong className="project">{status?.title}</strong>
          <Tooltip title={reason === undefined ? t.restartBackend : t.spell(reason)}>
            <Button
              size="small"
              type="text"
              disabled={backend.state === 'none'}
              onClick={() => void api.restartBackend()}
            >
              <Badge status={COLORS[backend.state]} text={t.backend(t.backendStates[backend.state])} />
            </Button>
          </Tooltip>
          <span className="grow" />
          <Space>
            <Button size="small" onClick={() => setIsGame(!isGame)}>
              {isGame ? t.game.phones : t.game.title}
            </Button>
            <Button size="small" onClick={() => setShowRecords(true)}>
              {t.records}
            </Button>
            <Tooltip title={t.consoleDark}>
              <Switch
                size="small"
                checked={props.dark}
                onChange={props.onDark}
                checkedChildren="☾"
                unCheckedChildren="☀"
              />
            </Tooltip>
            <Button size="small" onClick={() => props.onLanguage(props.language === 'zh' ? 'en' : 'zh')}>
              {props.language === 'zh' ? 'English' : '中文'}
            </Button>
          </Space>
        </header>
        <Drawer title={t.records} open={showRecords} size="large" destroyOnHidden onClose={() => setShowRecords(false)}>
          <Records api={api} />
        </Drawer>
        {link === 'down' && <Alert banner type="error" title={t.cannotReach} />}
        {isGame && <Game api={api} />}
        <main hidden={isGame} style={isGame ? { display: 'none' } : undefined}>
          {simulator && (
            <Phones key={simulator.token} simulator={simulator} status={status} language={props.language} />
          )}
          <Panel
            logs={logs}
            network={network}
            trace={trace}
            onClear={(kind) => {
              if (kind === 'logs') setLogs([]);
              else if (kind === 'network') setNetwork([]);
              else setTrace([]);
            }}
          />
        </main>
      </div>
    </TextContext>
  );
}

/** Drawn, since not every machine has a font with a bird. */
function Bird() {
  return (
    <svg className="bird" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <path
        d="M4 18c0-7 5-12 11-12 5 0 9 3 10 7l4 2-4 2c-1 6-5 9-11 9-3 0-5-1-7-2l-5 1 2-4c0-1 0-2 0-3z"
        fill="#0f9d70"
      />
      <path d="M9 17c4 0 8 2 8 6-4 1-8-1-8-6z" fill="#fff" opacity=".55" />
      <circle cx="20" cy="12.500" r="1.700" fill="#fff" />
    </svg>
  );
}

import type { BackendStatus, ErrorBody, LogLine } from '@sparrow/protocol';

/** The control token comes in the fragment of the address and stays in this tab. */
export function readToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem('sparrow.token', given);
    history.replaceState(null, '', location.pathname);
  }
  return given ?? sessionStorage.getItem('sparrow.token') ?? '';
}

export interface Status {
  app: string;
  env: string;
  title: string;
  appid: string;
  url: string;
  lanUrl?: string;
  lanQr?: string;
  backend: BackendStatus;
  /** How `sparrow` is called where the server was started. */
  command?: string;
  /** The project's folder as it is named there. */
  commandDir?: string;
}
export interface SimulatorInfo {
  token: string;
  phone: string;
}

export interface GameRouter {
  set: string;
  router: string;
  role: 'main' | 'standby';
  term: number;
  isReady: boolean;
  leaseMs: number | null;
  routes: number;
  slots: number;
  nodes: {
    set: string;
    node: string;
    types: string[];
    isLinked: boolean;
    isDraining: boolean;
    routes: number;
  }[];
}
export interface GameRates {
  set: string;
  router: string;
  forwarded: number;
  refused: number;
  cpu: number;
  links: { to: string; in: number; out: number; waiting: number; roundTripMs: number | null }[];
}
export interface GamePicture {
  routers: GameRouter[];
  rates: GameRates[];
  processes: { kind: 'router' | 'node'; set: string; name: string; pid: number }[];
  /** The routers do faults when they are asked to. */
  faults: boolean;
}
export interface GameLookup {
  found: boolean;
  set?: string;
  node?: string;
  epoch?: { term: number; counter: number };
  heldForSeconds?: number | null;
  decidedBy: string | null;
}
export type GameFault =
  | 'kill'
  | 'kill-host'
  | 'stop'
  | 'continue'
  | 'cut-coordinator'
  | 'garbage'
  | 'slow'
  | 'flood'
  | 'deaf'
  | 'duplicate';
export interface RecordTable {
  name: string;
  kind: 'GENERIC' | 'LIST' | 'SORTLIST';
  key: string[];
  fields: { name: string; type: string; many: boolean; encrypted: boolean; description?: string }[];
  /** Undefined for tables of lists. */
  count: number | null;
}
export interface StoredRecord {
  record: Record<string, unknown>;
  version: number;
  /** Of an element of a list. */
  index?: number;
}
export interface ShardMap {
  embedded: boolean;
  slots: number;
  shards: { id: string; state: string; standbys: number }[];
  ranges: { first: number; last: number; shard: string }[];
  /** The way from the embedded file to shards, once it was begun. */
  growth?: { copied: number; waiting: number; done?: { rows: number; switchMs: number }; error?: string };
  moves: {
    id: string;
    from: string;
    to: string;
    first: number;
    last: number;
    state: string;
    switched: number;
    /** Milliseconds that each fence stood. */
    fencesMs: number[];
    retries: number;
    error?: string;
  }[];
}
export interface SlowLog {
  slow: { at: number; op: string; table: string; ms: number; key?: string; error?: string }[];
  hot: { table: string; key: string; calls: number }[];
}

export interface Api {
  game(): Promise<GamePicture>;
  lookUp(type: string, key: string): Promise<GameLookup>;
  /** `of`: the other end of a link, or an object as Type/key. */
  gameFault(fault: { kind: GameFault; set: string; name: string; of?: string }): Promise<void>;
  recordTables(): Promise<{ tables: RecordTable[] }>;
  /** Records of a table, or elements of the list that `key` names. */
  records(
    table: string,
    page: { cursor?: string | undefined; query?: string; key?: Record<string, string> },
  ): Promise<{ records: StoredRecord[]; cursor?: string }>;
  putRecord(table: string, record: object, version: number, index?: number): Promise<void>;
  deleteRecord(table: string, key: object, index?: number): Promise<void>;
  shards(): Promise<ShardMap>;
  growStore(meta: string): Promise<void>;
  addShard(id: string, url: string): Promise<void>;
  moveSlots(move: { from: string; to: string; first: number; last: number }): Promise<void>;
  slowLog(): Promise<SlowLog>;
  status(): Promise<Status>;
  simulator(): Promise<SimulatorInfo>;
  logs(): Promise<{ lines: LogLine[] }>;
  restartBackend(): Promise<void>;
}

/** What the server refused; its text says what to do. */
export class ApiError extends Error {
  readonly status: number;
  /** The same in Chinese, with what is of this very case in the words of the server. */
  readonly chinese: string;
  constructor(status: number, error: Partial<ErrorBody['error']>) {
    const { message = `HTTP ${status}`, hint, chinese } = error;
    super(hint ? `${message} · ${hint}` : message);
    this.status = status;
    this.chinese = chinese ? `${chinese.meaning}。${chinese.fix}` : this.message;
  }
}

export function createApi(token: string): Api {
  async function call<T>(path: string, method = 'GET', body?: object): Promise<T> {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok) return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
    const answer = (await response.json().catch(() => ({}))) as Partial<ErrorBody>;
    throw new ApiError(response.status, answer.error ?? {});
  }
  const store = <T>(path: string, method?: string, body?: object): Promise<T> => call(`store/${path}`, method, body);
  const of = (table: string): string => `tables/${encodeURIComponent(table)}`;
  return {
    game: () => call('game/topology'),
    lookUp: (type, key) => call(`game/lookup?${new URLSearchParams({ type, key })}`),
    gameFault: (fault) => call('game/fault', 'POST', fault),
    recordTables: () => store('tables'),
    records: (table, { cursor, query, key }) =>
      store(
        `${of(table)}?${new URLSearchParams({
          ...(cursor ? { cursor } : {}),
          ...(query ? { query } : {}),
          ...(key ? { key: JSON.stringify(key) } : {}),
        })}`,
      ),
    putRecord: (table, record, version, index) => store(of(table), 'PUT', { record, version, index }),
    deleteRecord: (table, key, index) => store(of(table), 'DELETE', { key, index }),
    shards: () => store('shards'),
    growStore: (meta) => store('grow', 'POST', { meta }),
    addShard: (id, url) => store('shards', 'POST', { id, url }),
    moveSlots: (move) => store('shards/move', 'POST', move),
    slowLog: () => store('slow'),
    status: () => call('status'),
    simulator: () => call('simulator'),
    logs: () => call('logs'),
    restartBackend: () => call('backend/restart', 'POST'),
  };
}

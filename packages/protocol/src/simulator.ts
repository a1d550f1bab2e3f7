/** Messages between the simulator's server and the phone page, and between the phone and the console around it. */
import type { Diagnostic } from './diagnostics.ts';
import type { ProblemCode } from './problems.ts';
import type { TraceEntry } from './trace.ts';
import type { UserInfoResult } from './user-info.ts';

/** Server → phone, over the event socket, as JSON. */
export type DevEvent =
  | { type: 'hello'; packageId: string; diagnostics: Diagnostic[]; backend: BackendStatus }
  | { type: 'package'; packageId: string; change: PackageChange; diagnostics: Diagnostic[] }
  | { type: 'backend'; status: BackendStatus }
  | { type: 'log'; line: LogLine };

/** `app`: configuration changed, the app starts anew. The others keep the page stack. */
export type PackageChange = 'none' | 'styles' | 'templates' | 'scripts' | 'app';

export interface BackendStatus {
  state: 'none' | 'starting' | 'running' | 'crashed' | 'stopped';
  /** Why it crashed, with the last lines it printed. */
  reason?: string;
  /** The same in Chinese. */
  reasonZh?: string;
  restarts: number;
}

export interface LogLine {
  /** Milliseconds UTC. */
  time: number;
  source: 'backend' | 'service' | 'view' | 'native' | 'compiler' | 'tunnel';
  level: 'debug' | 'info' | 'log' | 'warn' | 'error';
  text: string;
  /** The text in Chinese, where Sparrow itself is who says it. */
  zh?: string;
  /** Mapped to the project's files where a source map was found. */
  stack?: string;
  /** Of the compiler: what it found, so that it can be shown in the user's language. */
  finding?: Omit<Diagnostic, 'frame'>;
}

/** Where in the project something went wrong. */
export interface ProgramPlace {
  /** Path inside the project folder. */
  file: string;
  /** From 1, as the column. */
  line: number;
  column: number;
  /** The lines around it with a caret; empty when the source is not known. */
  frame: string;
}

/**
 * Answer of the simulator's server to a stack: the same one in terms of the project's files, and its first place in
 * them.
 */
export interface LocatedStack {
  stack: string;
  place?: ProgramPlace;
}

/** A problem of a running program with the place that it comes from. */
export interface ProgramProblem {
  code: ProblemCode;
  message: string;
  /** User of the phone. */
  user: string;
  /** Path of the page that was shown; empty before the first one. */
  page: string;
  place?: ProgramPlace;
}

/**
 * What the simulator needs of a WeChat: the built-in fake, or the real one behind a configured appid. Handed in by
 * `cloud`.
 */
export interface WeChatUsers {
  /** A fresh code for `wx.login`, valid for five minutes and one exchange. */
  issueCode(user: string): Promise<string>;
  /** Whether the session_key of this user is still the one of the last login. */
  checkSession(user: string): Promise<boolean>;
  /** Profile of a user, with the signed and encrypted form that backends decrypt (AES-128-CBC, session_key). */
  userInfo(user: string, options: { withCredentials: boolean; lang: string }): Promise<UserInfoResult>;
}

/** Where a request of a mini program goes when its address means something of ours. Handed in by `cloud`. */
export interface AddressBook {
  /**
   * `local`: dial this address instead, with these extra headers. `refuse`: an address that a mini program must not
   * reach (the control port, other apps). `public`: dial it as it is, if the domain list allows it and `refusal` has
   * nothing against the very IP address that is dialled.
   */
  resolve(url: URL):
    | { kind: 'local'; origin: string; path: string; headers: Record<string, string> }
    | { kind: 'refuse'; reason: string }
    | {
        kind: 'public';
        /** Why this IP address must not be dialled for the URL; undefined when it may. Without it every address may. */
        refusal?: (address: string) => string | undefined;
      };
}

/** One page of a phone's stack, as the console shows it. */
export interface StackPageInfo {
  id: number;
  path: string;
  query: Record<string, string>;
}

/** One line of the network panel; sent when a request begins and again, with the same id, when it has ended. */
export interface NetworkEntry {
  id: number;
  /** Milliseconds UTC. */
  time: number;
  kind: 'request' | 'upload' | 'download' | 'socket';
  method: string;
  url: string;
  requestHeader: Record<string, string>;
  requestBody: string;
  status?: number;
  responseHeader?: Record<string, string>;
  responseBody?: string;
  /** Bytes or characters of the answer. */
  size?: number;
  /** The newest frames of a socket. */
  frames?: SocketFrame[];
  error?: string;
  /** Milliseconds; absent while it runs. */
  ms?: number;
}

/** One message of a socket; a long text is cut, binary data is told by its length. */
export interface SocketFrame {
  /** Milliseconds UTC. */
  time: number;
  from: 'phone' | 'server';
  text: string;
}

/** What a phone tells the console around it. */
export interface PhoneMessage {
  /** Name of the phone's user. */
  sparrowPhone: string;
  /** The phone begins anew; what it had open has ended with it. */
  started?: true;
  trace?: TraceEntry;
  log?: { time: number; level: LogLine['level']; text: string; stack?: string; pageId: number };
  network?: NetworkEntry;
  problem?: { kind: string; code: string; message: string; pageId: number };
  pages?: StackPageInfo[];
  dev?: DevEvent;
}

/** What `check` learns of one page from its phone. */
export interface PhoneLook {
  /** 0 when the page is not on the stack. */
  pageId: number;
  /** The page sent the user on to this one before it was ready; the rest is about that one. */
  redirected?: string;
  ready: boolean;
  failure: string | undefined;
  problems: { kind: 'component' | 'api' | 'script' | 'runtime'; code: ProblemCode; message: string }[];
  pageErrors: string[];
  failedRequests: { url: string; error: string }[];
  apis: { used: string[]; missing: string[] };
  /** Something lies over the page or has ended the program: a dialog, a picker, a curtain. */
  covered: boolean;
}

/** What `check` learns from the view of a page. */
export interface ViewLook {
  elements: number;
  text: string;
  /** A picture, canvas or film takes a tenth of the window or more. */
  picture: boolean;
  /** Names of the elements without `wx-`. */
  tags: string[];
}

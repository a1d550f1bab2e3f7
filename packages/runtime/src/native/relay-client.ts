import { NativeFailure } from './failure.ts';

export interface RelayOptions {
  /** Address of the relay, e.g. `/simulator/relay`. */
  base: string;
  token: string;
  user: string;
}

/** What the relay puts before the body of an answer. Names of headers are as the server wrote them. */
export interface RelayMeta {
  statusCode: number;
  header: Record<string, string>;
  cookies: string[];
}

/** Who wants the answer piece by piece. */
export interface ChunkTaker {
  head(meta: RelayMeta): void;
  chunk(data: ArrayBuffer): void;
}

/** The value of a header, however the server wrote its name. */
export function headerValue(header: Record<string, string>, name: string): string | undefined {
  return Object.entries(header).find(([written]) => written.toLowerCase() === name)?.[1];
}

/** The relay carries a mini program's network: it sets headers a browser cannot and keeps the rules of the domain list. */
export class RelayClient {
  readonly options: RelayOptions;
  constructor(options: RelayOptions) {
    this.options = options;
  }

  async request(
    request: { url: string; method: string; header: Record<string, string>; timeout: number },
    body: BodyInit | undefined,
    signal: AbortSignal,
    taker?: ChunkTaker,
  ): Promise<{ meta: RelayMeta; body: ArrayBuffer }> {
    let response: Response;
    try {
      response = await fetch(`${this.options.base}/request`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.options.token}`,
          'content-type': 'application/octet-stream',
          'x-sparrow-request': encodeURIComponent(JSON.stringify({ ...request, chunked: taker !== undefined })),
          'x-sparrow-user': encodeURIComponent(this.options.user),
        },
        ...(body !== undefined && { body }),
        signal,
      });
    } catch (error) {
      throw new NativeFailure(signal.aborted ? 'abort' : `the relay does not answer: ${(error as Error).message}`);
    }
    if (!response.ok) throw new NativeFailure(`the relay answered ${response.status}: ${await response.text()}`);
    let meta: RelayMeta | undefined;
    let whole = false;
    const parts: ArrayBuffer[] = [];
    try {
      for await (const { kind, bytes } of framesOf(response)) {
        if (kind === 'h') {
          meta = jsonOf(bytes) as RelayMeta;
          taker?.head(meta);
        } else if (kind === 'd') {
          if (taker) taker.chunk(bytes);
          else parts.push(bytes);
        } else if (kind === 'e') whole = true;
        else {
          const { message, errno } = jsonOf(bytes) as { message: string; errno?: number };
          throw new NativeFailure(message, errno === undefined ? {} : { errno });
        }
      }
    } catch (error) {
      if (error instanceof NativeFailure) throw error;
      throw new NativeFailure(signal.aborted ? 'abort' : `the answer broke off: ${(error as Error).message}`);
    }
    if (!meta || !whole) throw new NativeFailure(signal.aborted ? 'abort' : 'the answer broke off');
    return { meta, body: await new Blob(parts).arrayBuffer() };
  }

  /** A call of the simulator's own services (login, files). */
  async call<T>(path: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.options.base}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.options.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user: this.options.user, ...(body as object) }),
    });
    const answer = (await response.json()) as T & { message?: string };
    if (!response.ok) throw new NativeFailure(answer.message ?? `the simulator answered ${response.status}`);
    return answer;
  }

  /** Keeps a temporary file; returns its path as a mini program sees it. */
  async keepFile(data: Blob, name: string): Promise<string> {
    const response = await fetch(`${this.options.base}/files?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.options.token}`,
        'content-type': 'application/octet-stream',
        'x-sparrow-type': data.type || 'application/octet-stream',
      },
      body: data,
    });
    if (!response.ok) throw new NativeFailure(`the file could not be kept: ${await response.text()}`);
    const { path } = (await response.json()) as { path: string };
    return path;
  }

  openSocket(): WebSocket {
    const url = new URL(`${this.options.base}/socket`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    return socket;
  }
}

function jsonOf(bytes: ArrayBuffer): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The frames of the relay's answer: one byte of kind (its first letter), four of length, and the bytes. */
async function* framesOf(response: Response): AsyncGenerator<{ kind: string; bytes: ArrayBuffer }> {
  const reader = response.body?.getReader();
  if (!reader) return;
  /** What has come and is no whole frame yet. */
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let wanted = 5;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    waiting.push(value);
    size += value.length;
    if (size < wanted) continue;
    let rest = new Uint8Array(await new Blob(waiting).arrayBuffer());
    for (;;) {
      wanted = rest.length < 5 ? 5 : 5 + new DataView(rest.buffer, rest.byteOffset).getUint32(1);
      if (rest.length < wanted) break;
      yield { kind: String.fromCharCode(rest[0] ?? 0), bytes: rest.slice(5, wanted).buffer };
      rest = rest.subarray(wanted);
    }
    waiting = [rest];
    size = rest.length;
  }
}

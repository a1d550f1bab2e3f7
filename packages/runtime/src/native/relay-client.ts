import { NativeFailure } from './dispatch.ts';

export interface RelayOptions {
  /** Address of the relay, e.g. `/simulator/relay`. */
  base: string;
  token: string;
  user: string;
}

/** What the relay puts before the body of an answer. */
export interface RelayMeta {
  statusCode: number;
  header: Record<string, string>;
  cookies: string[];
  /** The request did not come through. */
  error?: { message: string; errno?: number; kind: 'network' | 'domain' | 'refused' };
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
  ): Promise<{ meta: RelayMeta; body: ArrayBuffer }> {
    let response: Response;
    try {
      response = await fetch(`${this.options.base}/request`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.options.token}`,
          'content-type': 'application/octet-stream',
          'x-sparrow-request': encodeURIComponent(JSON.stringify(request)),
          'x-sparrow-user': encodeURIComponent(this.options.user),
        },
        ...(body !== undefined && { body }),
        signal,
      });
    } catch (error) {
      throw new NativeFailure(signal.aborted ? 'abort' : `the relay does not answer: ${(error as Error).message}`);
    }
    if (!response.ok) throw new NativeFailure(`the relay answered ${response.status}: ${await response.text()}`);
    const all = await response.arrayBuffer().catch((error: Error) => {
      throw new NativeFailure(signal.aborted ? 'abort' : `the answer broke off: ${error.message}`);
    });
    const length = new DataView(all).getUint32(0);
    const meta = JSON.parse(new TextDecoder().decode(new Uint8Array(all, 4, length))) as RelayMeta;
    if (meta.error)
      throw new NativeFailure(meta.error.message, meta.error.errno === undefined ? {} : { errno: meta.error.errno });
    return { meta, body: all.slice(4 + length) };
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

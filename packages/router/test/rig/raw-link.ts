import type { Header } from '../../src/frames/frame.ts';
import { FIRST_CONTROL_KIND, KIND } from '../../src/frames/layout.ts';
import type { Identity, Link } from '../../src/links/link.ts';
import { openLink } from '../../src/links/open-link.ts';
import { Requests } from '../../src/links/requests.ts';
import type { Transport } from '../../src/transports/transport.ts';

/** A frame as it came, in parts that may be kept. */
export interface SeenFrame {
  kind: number;
  method: number;
  call: number;
  flags: number;
  payload: Uint8Array;
}

/** A link whose other end is a router or a node, and this end the test: it says and hears frames as they are. */
export interface RawLink {
  link: Link;
  seen: SeenFrame[];
  send(header: Header, payload?: Uint8Array): void;
  ask<T>(question: { op: string } & Record<string, unknown>): Promise<T>;
}

function rawLink(link: Link): RawLink {
  const seen: SeenFrame[] = [];
  const requests = new Requests();
  link.handle({
    frame(frame) {
      if (frame.kind === KIND.response) requests.onResponse(frame);
      const { kind, method, call, flags } = frame;
      seen.push({ kind, method, call, flags, payload: frame.copyPayload() });
    },
    down: (down) => requests.onDown(down),
  });
  return {
    link,
    seen,
    send: (header, payload) => void link.sendHeader(header, payload),
    ask: (question) => requests.ask(link, question, 60_000),
  };
}

/** Dials a router as an operator, or as whoever `self` says. */
export async function dialRaw(transport: Transport, address: string, self: Partial<Identity> = {}): Promise<RawLink> {
  const wire = await transport.dial(address);
  const identity: Identity = { role: 'admin', set: 'test', name: 'test', incarnation: 'test', ...self };
  return rawLink(await openLink(wire, 'dial', { self: identity, limits: { heartbeatMs: 20_000 } }));
}

/** Listens as a router; `linked` resolves with the link of the first who dials. */
export async function listenRaw(
  transport: Transport,
  address: string,
  self: Identity,
): Promise<{ linked: Promise<RawLink> }> {
  const { promise, resolve } = Promise.withResolvers<RawLink>();
  await transport.listen(address, (wire) => {
    openLink(wire, 'accept', { self, limits: { heartbeatMs: 20_000 } }).then(
      (link) => resolve(rawLink(link)),
      // Who dials again when the test is over is not let in any more.
      () => {},
    );
  });
  return { linked: promise };
}

export const isData = ({ kind }: SeenFrame): boolean => kind < FIRST_CONTROL_KIND;

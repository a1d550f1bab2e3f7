import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, type Phrase, phraseOf, systemClock } from '@sparrow/core';
import { RouterError } from '../errors.ts';
import { encodeFrame, FrameView, jsonBytes } from '../frames/frame.ts';
import { HEADER_BYTES, KIND, MAX_FRAME_BYTES, MAX_HELLO_BYTES, PROTOCOL } from '../frames/layout.ts';
import { Splitter } from '../frames/splitter.ts';
import { phrase } from '../phrase.ts';
import type { Wire } from '../transports/transport.ts';
import { DEFAULT_LIMITS, type LinkLimits } from './limits.ts';
import { type Identity, Link } from './link.ts';

export interface OpenOptions {
  self: Identity;
  /** The secret that both sides must know (any length; empty: links are not authenticated). */
  key?: string | undefined;
  limits?: Partial<LinkLimits> | undefined;
  clock?: Clock | undefined;
  /** Versions of the protocol to speak (default all that this code knows). */
  protocol?: { min: number; max: number } | undefined;
  /** For the whole handshake (default 3,000 ms). */
  timeoutMs?: number | undefined;
  /** Who dials: the link that fell, which this one goes on with. */
  former?: Link | undefined;
  /** Who accepts: a link that the other end had before, up or fallen. */
  formerOf?: ((id: string, other: Identity) => Link | undefined) | undefined;
}

interface Hello extends Identity {
  versions: { min: number; max: number };
  nonce: string;
  /** The longest frame that it takes; absent from versions of before, which take 1 MiB. */
  frameBytes?: number;
  /** It confirms data frames, and goes on where a link stopped. */
  confirms?: boolean;
  /** The link that fell, and how far it had come at this end. */
  resume?: { link: string; received: number };
}

/**
 * Makes a link of a wire: exchanges versions and identities and proves to each side that the other knows the key, by
 * HMAC-SHA256 over both sides' words, so that no answer can be used twice or for the other direction. The key itself
 * is never sent.
 * ```
 * dialler → acceptor   hello {identity, versions, nonce}
 * acceptor → dialler   challenge {hello: identity, versions, nonce; proof}
 * dialler → acceptor   proof {proof}
 * acceptor → dialler   welcome {how far a former link had come}
 * ```
 * The dialler's nonce names the link. A dialler whose link fell names it in its hello; when the acceptor knows it,
 * both go on where it stopped.
 * @throws RouterError LINK_REFUSED, VERSION_UNKNOWN, FRAME_INVALID
 */
export function openLink(wire: Wire, side: 'dial' | 'accept', options: OpenOptions): Promise<Link> {
  const { self, key = '', clock = systemClock, protocol = PROTOCOL, timeoutMs = 3_000 } = options;
  const limits: LinkLimits = { ...DEFAULT_LIMITS, ...options.limits };
  return new Promise((resolve, reject) => {
    const splitter = new Splitter(MAX_HELLO_BYTES);
    const former = side === 'dial' ? options.former : undefined;
    const nonce = randomBytes(16).toString('hex');
    const mine = jsonBytes({
      ...self,
      versions: protocol,
      nonce,
      frameBytes: limits.frameBytes,
      confirms: true,
      ...(former && { resume: { link: former.id, received: former.received } }),
    } satisfies Hello);
    let link: Link | undefined;
    let theirs: Uint8Array | undefined;
    let version = 0;
    const cancel = clock.after(timeoutMs, () =>
      fail(
        'LINK_REFUSED',
        phrase`no handshake within ${timeoutMs} ms`,
        phrase`is the other side a router of the same version?`,
      ),
    );
    const send = (kind: number, payload?: Uint8Array): void => {
      wire.write(encodeFrame({ kind }, payload));
    };
    const prove = (label: 'dial' | 'accept'): Uint8Array => {
      const [first, second] = side === 'dial' ? [mine, theirs] : [theirs, mine];
      return createHmac('sha256', key)
        .update(`sparrow-link-${label}\n`)
        .update(first as Uint8Array)
        .update('\n')
        .update(second as Uint8Array)
        .digest();
    };
    function fail(code: 'LINK_REFUSED' | 'VERSION_UNKNOWN' | 'FRAME_INVALID', message: Phrase, hint: Phrase): void {
      if (link) return;
      cancel();
      wire.destroy();
      reject(new RouterError(code, message, { hint }));
    }
    function done(received?: number): Link {
      cancel();
      const {
        versions: _,
        nonce: theirNonce,
        frameBytes = MAX_FRAME_BYTES,
        confirms,
        resume,
        ...other
      } = parse(theirs as Uint8Array);
      const made = new Link({
        wire,
        self,
        other,
        id: side === 'dial' ? nonce : theirNonce,
        version,
        limits,
        frameBytes: Math.min(limits.frameBytes, frameBytes),
        confirms: confirms === true,
        clock,
        splitter,
      });
      link = made;
      if (former && received !== undefined) made.takeOver(former, received);
      if (side === 'accept') welcome(made, resume);
      resolve(made);
      return made;
    }
    /** Says how far the former link had come here, and goes on where it stopped there. */
    function welcome(made: Link, resume: Hello['resume']): void {
      const before = resume && options.formerOf?.(resume.link, made.other);
      before?.destroy('replaced by a newer link');
      send(KIND.welcome, before && jsonBytes({ received: before.received }));
      if (before && resume) made.takeOver(before, resume.received);
    }
    function learn(bytes: Uint8Array): void {
      const hello = parse(bytes);
      version = Math.min(protocol.max, hello.versions.max);
      if (version < Math.max(protocol.min, hello.versions.min))
        throw new RouterError(
          'VERSION_UNKNOWN',
          phrase`${hello.name} speaks versions ${hello.versions.min} to ${hello.versions.max} of the protocol, we ${protocol.min} to ${protocol.max}`,
          { hint: phrase`update the older side first` },
        );
      theirs = bytes;
    }
    function check(proof: Uint8Array, label: 'dial' | 'accept'): void {
      const expected = prove(label);
      if (proof.byteLength !== expected.byteLength || !timingSafeEqual(proof, expected))
        throw new RouterError('LINK_REFUSED', phrase`${wire.peer} does not know the key`, {
          hint: phrase`give both sides the same key`,
        });
    }
    /** A frame before the link is open; each may come once and in its turn. */
    function step(frame: FrameView): void {
      const { kind } = frame;
      if (side === 'accept' && kind === KIND.hello && !theirs) {
        learn(frame.copyPayload());
        const proof = prove('accept');
        send(KIND.challenge, Buffer.concat([proof, mine]));
      } else if (side === 'dial' && kind === KIND.challenge && !theirs) {
        const payload = frame.copyPayload();
        learn(payload.slice(32));
        check(payload.subarray(0, 32), 'accept');
        send(KIND.proof, prove('dial'));
      } else if (side === 'accept' && kind === KIND.proof && theirs) {
        check(frame.copyPayload(), 'dial');
        done();
      } else if (side === 'dial' && kind === KIND.welcome && theirs)
        done(frame.payloadLength > 0 ? frame.json<{ received: number }>().received : undefined);
      else if (kind === KIND.goodbye)
        throw new RouterError('LINK_REFUSED', new TextDecoder().decode(frame.payload()) || phrase`refused`, {
          hint: phrase`see the log of the other side`,
        });
      else
        throw new RouterError('FRAME_INVALID', phrase`a frame of kind ${kind} in the handshake`, {
          hint: phrase`see docs/router-semantics.md`,
        });
    }
    /** What came before whoever waits for the promise could set its handler. */
    let early: (() => void)[] | undefined;
    wire.start({
      data(chunk) {
        if (link) {
          const open = link;
          if (early) early.push(() => open.onData(chunk));
          else open.onData(chunk);
          return;
        }
        try {
          splitter.push(chunk, (frame) => {
            if (!link) {
              step(frame);
              return true;
            }
            const open = link;
            const copy = new FrameView().at(frame.copy());
            (early ??= []).push(() => open.deliver(copy));
            return true;
          });
        } catch (error) {
          const known = error instanceof RouterError ? error : undefined;
          const code =
            known?.code === 'VERSION_UNKNOWN' || known?.code === 'FRAME_INVALID' ? known.code : 'LINK_REFUSED';
          const told = phraseOf(error);
          send(KIND.goodbye, new TextEncoder().encode(told.en.slice(0, 500)));
          fail(code, told, known?.advice ?? phrase`see the log of the other side`);
        }
        if (!link) return;
        early ??= [];
        setImmediate(() => {
          const calls = early ?? [];
          early = undefined;
          for (const call of calls) call();
        });
      },
      drain: () => link?.onDrain(),
      down: (reason) =>
        link ? link.onDown(reason) : fail('LINK_REFUSED', phrase`the link ended: ${reason}`, phrase`is the key right?`),
    });
    if (side === 'dial') send(KIND.hello, mine);
  });
}

/** @throws RouterError FRAME_INVALID when it is not who-am-I with versions */
function parse(bytes: Uint8Array): Hello {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    value = undefined;
  }
  const hello = value as Hello;
  const isText = (text: unknown): boolean => typeof text === 'string' && text.length > 0 && text.length <= 200;
  if (
    typeof hello !== 'object' ||
    hello === null ||
    !['node', 'router', 'admin'].includes(hello.role) ||
    ![hello.name, hello.set, hello.incarnation, hello.nonce].every(isText) ||
    !Number.isInteger(hello.versions?.min) ||
    !Number.isInteger(hello.versions?.max) ||
    !(hello.frameBytes === undefined || (Number.isInteger(hello.frameBytes) && hello.frameBytes >= HEADER_BYTES)) ||
    !(hello.resume === undefined || (isText(hello.resume?.link) && Number.isFinite(hello.resume.received))) ||
    !(hello.types === undefined || (Array.isArray(hello.types) && hello.types.every(isText)))
  )
    throw new RouterError('FRAME_INVALID', phrase`a hello that says not who it is`, {
      hint: phrase`see docs/router-semantics.md`,
    });
  return hello;
}

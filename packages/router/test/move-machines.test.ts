import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WireCode } from '../src/errors.ts';
import { type Arrival, type ArrivalEvent, arrive } from '../src/node/arrival.ts';
import { type Departure, type DepartureEffect, type DepartureEvent, depart, isOver } from '../src/node/departure.ts';

/**
 * Two nodes, an authority and everything that is on its way between them, without clocks: a run is a list of choices
 * which message arrives next, which one is lost, which wait is over, and when somebody else takes the name.
 */
type Name = 'A' | 'B';
type Owner = Name | 'C';
const other = (name: Name): Name => (name === 'A' ? 'B' : 'A');

interface Attempt {
  id: number;
  from: Name;
  epoch: number;
  state: Departure;
  /** A claim or an affirmation that is not answered. */
  waits: 'offer' | 'mark' | 'affirm' | undefined;
  /** Answers to what was given up are not listened to. */
  call: number;
}
interface Coming {
  attempt: number;
  epoch: number;
  state: Arrival;
}
interface Instance {
  id: number;
  status: 'active' | 'moving' | 'arriving';
  epoch: number;
  attempt: number | undefined;
}
type Message =
  | { kind: 'offer'; attempt: number; epoch: number }
  | { kind: 'offer answer'; attempt: number; ok: boolean }
  | { kind: 'abandon'; attempt: number }
  | { kind: 'flushed'; attempt: number; epoch: number }
  | { kind: 'claim'; attempt: number; call: number; from: Name; to: Name; epoch: number }
  | { kind: 'mark'; attempt: number; call: number; code: WireCode; epoch: number }
  | { kind: 'affirm'; attempt: number; call: number; from: Name; epoch: number }
  | { kind: 'affirmed'; attempt: number; call: number; verdict: 'ours' | 'lost'; epoch: number }
  | { kind: 'revoke'; epoch: number };

class World {
  owner: Owner = 'A';
  epoch = 1;
  readonly here: Record<Name, Instance | undefined> = {
    A: { id: 0, status: 'active', epoch: 1, attempt: undefined },
    B: undefined,
  };
  readonly attempts: Attempt[] = [];
  readonly coming: Record<Name, Coming | undefined> = { A: undefined, B: undefined };
  /** Thaws that are not done, of attempts that were given up, too. */
  readonly thawing: { at: Name; coming: Coming }[] = [];
  readonly lines = new Map<string, Message[]>();
  /** Claims on their way to another set's authority: carried out at any time later. */
  readonly limbo: (Message & { kind: 'claim' })[] = [];
  instances = 1;
  calls = 0;

  line(from: string, to: string): Message[] {
    const name = `${from}>${to}`;
    const known = this.lines.get(name);
    if (known) return known;
    const made: Message[] = [];
    this.lines.set(name, made);
    return made;
  }

  begin(from: Name): void {
    const instance = this.here[from];
    if (instance?.status !== 'active') return;
    const attempt: Attempt = {
      id: this.attempts.length,
      from,
      epoch: instance.epoch,
      state: { at: 'freezing' },
      waits: undefined,
      call: 0,
    };
    this.attempts.push(attempt);
    Object.assign(instance, { status: 'moving', attempt: attempt.id });
    this.step(attempt, { kind: 'frozen' });
  }

  step(attempt: Attempt, event: DepartureEvent): void {
    const [state, ...effects] = depart(attempt.state, event);
    attempt.state = state;
    if (isOver(state)) attempt.waits = undefined;
    for (const effect of effects) this.carryOut(attempt, effect);
  }

  carryOut(attempt: Attempt, effect: DepartureEffect): void {
    const { from, id } = attempt;
    const instance = this.here[from];
    const toOther = this.line(from, other(from));
    if (effect.do === 'offer') {
      attempt.waits = 'offer';
      toOther.push({ kind: 'offer', attempt: id, epoch: attempt.epoch });
    } else if (effect.do === 'claim' || effect.do === 'fence') {
      attempt.waits = 'mark';
      attempt.call = ++this.calls;
      const to = effect.do === 'claim' ? other(from) : from;
      this.line(from, 'authority').push({
        kind: 'claim',
        attempt: id,
        call: attempt.call,
        from,
        to,
        epoch: attempt.epoch,
      });
    } else if (effect.do === 'affirm') {
      attempt.waits = 'affirm';
      attempt.call = ++this.calls;
      this.line(from, 'authority').push({
        kind: 'affirm',
        attempt: id,
        call: attempt.call,
        from,
        epoch: attempt.epoch,
      });
    } else if (effect.do === 'abandon') toOther.push({ kind: 'abandon', attempt: id });
    else if (effect.do === 'stay') {
      if (instance?.attempt !== id) return;
      instance.status = 'active';
      instance.attempt = undefined;
      if (effect.epoch) instance.epoch = effect.epoch.counter;
    } else if (effect.do === 'leave') {
      toOther.push({ kind: 'flushed', attempt: id, epoch: effect.epoch.counter });
      this.here[from] = undefined;
    } else this.here[from] = undefined;
  }

  arrival(at: Name, coming: Coming, event: ArrivalEvent): void {
    const [state, effect] = arrive(coming.state, event);
    coming.state = state;
    if ((state.at === 'over' || state.at === 'living') && this.coming[at] === coming) this.coming[at] = undefined;
    if (effect === 'hold')
      this.here[at] = { id: this.instances++, status: 'arriving', epoch: coming.epoch, attempt: coming.attempt };
    const instance = this.here[at];
    const isMine = instance?.status === 'arriving' && instance.attempt === coming.attempt;
    if (effect === 'discard' && isMine) this.here[at] = undefined;
    if (effect === 'live' && state.at === 'living' && instance)
      Object.assign(instance, { status: 'active', epoch: state.epoch.counter, attempt: undefined });
  }

  thawed({ at, coming }: { at: Name; coming: Coming }): void {
    if (this.here[at] && this.here[at]?.status !== 'arriving') this.arrival(at, coming, { kind: 'given up' });
    this.arrival(at, coming, { kind: 'thawed' });
    this.line(at, other(at)).push({ kind: 'offer answer', attempt: coming.attempt, ok: coming.state.at === 'waiting' });
  }

  decide(message: Message & { kind: 'claim' }): { code: WireCode; epoch: number } {
    const { from, to, epoch } = message;
    if (this.owner === to && epoch < this.epoch) return { code: 'OK', epoch: this.epoch };
    if (this.owner !== from || epoch !== this.epoch) return { code: 'MOVED', epoch: 0 };
    this.owner = to;
    return { code: 'OK', epoch: ++this.epoch };
  }

  /** @param mood how the authority takes a claim: whether it answers, may decide, or asks another set first */
  receive(from: string, to: string, message: Message, mood: number): void {
    if (to === 'authority') {
      const back = this.line('authority', from);
      if (message.kind === 'claim') {
        const { attempt, call } = message;
        if (mood === 1) back.push({ kind: 'mark', attempt, call, code: 'UNREACHABLE', epoch: 0 });
        else if (mood === 2) {
          this.limbo.push(message);
          back.push({ kind: 'mark', attempt, call, code: 'TIMEOUT', epoch: 0 });
        } else back.push({ kind: 'mark', attempt, call, ...this.decide(message) });
      } else if (message.kind === 'affirm') {
        const verdict = this.owner === message.from ? 'ours' : 'lost';
        back.push({ kind: 'affirmed', attempt: message.attempt, call: message.call, verdict, epoch: this.epoch });
      }
      return;
    }
    const at = to as Name;
    if (message.kind === 'revoke') {
      const instance = this.here[at];
      if (!instance || instance.epoch > message.epoch) return;
      this.here[at] = undefined;
      const leaving = this.attempts.find(({ id }) => instance.status === 'moving' && id === instance.attempt);
      if (leaving) this.step(leaving, { kind: 'removed' });
      const coming = this.coming[at];
      if (coming && instance.status === 'arriving') this.arrival(at, coming, { kind: 'removed' });
    } else if (message.kind === 'offer') {
      const instance = this.here[at];
      const answer = (ok: boolean): void =>
        void this.line(at, other(at)).push({ kind: 'offer answer', attempt: message.attempt, ok });
      if (instance && instance.status !== 'arriving') return answer(false);
      const earlier = this.coming[at];
      if (earlier && earlier.epoch > message.epoch) return answer(false);
      if (earlier) this.arrival(at, earlier, { kind: 'given up' });
      const coming: Coming = { attempt: message.attempt, epoch: message.epoch, state: { at: 'thawing' } };
      this.coming[at] = coming;
      this.thawing.push({ at, coming });
    } else if (message.kind === 'abandon' || message.kind === 'flushed') {
      const coming = this.coming[at];
      if (coming?.attempt !== message.attempt) return;
      if (message.kind === 'abandon') this.arrival(at, coming, { kind: 'given up' });
      else this.arrival(at, coming, { kind: 'given to us', epoch: { term: 1, counter: message.epoch } });
    } else if ('attempt' in message) {
      const attempt = this.attempts[message.attempt] as Attempt;
      if (message.kind === 'offer answer') {
        if (attempt.waits !== 'offer') return;
        this.step(attempt, { kind: message.ok ? 'accepted' : 'failed' });
      } else if (message.kind === 'mark') {
        if (attempt.waits !== 'mark' || attempt.call !== message.call) return;
        this.step(attempt, { kind: 'mark', code: message.code, epoch: { term: 1, counter: message.epoch } });
      } else if (message.kind === 'affirmed') {
        if (attempt.waits !== 'affirm' || attempt.call !== message.call) return;
        const instance = this.here[attempt.from];
        // As the registrar does: where nobody else has it, it is ours under whatever epoch the authority knows.
        if (message.verdict === 'ours' && instance?.attempt === attempt.id)
          attempt.epoch = instance.epoch = message.epoch;
        this.step(attempt, { kind: 'affirmed', verdict: message.verdict });
      }
    }
  }

  /** The wait of a departure is over, or an arrival that waits looks what became of it. */
  timeOut(index: number): void {
    const waiting = this.attempts.filter(({ waits }) => waits);
    const attempt = waiting[index % Math.max(1, waiting.length)];
    if (attempt) this.step(attempt, { kind: attempt.waits === 'offer' ? 'failed' : 'silent' });
  }

  look(at: Name): void {
    const coming = this.coming[at];
    if (coming?.state.at !== 'waiting') return;
    if (this.owner === at && this.epoch > coming.epoch) {
      this.arrival(at, coming, { kind: 'given to us', epoch: { term: 1, counter: this.epoch } });
      return;
    }
    const { state } = this.attempts[coming.attempt] as Attempt;
    if (state.at === 'moved') this.arrival(at, coming, { kind: 'given to us', epoch: state.epoch });
    else if (isOver(state)) this.arrival(at, coming, { kind: 'given up' });
  }

  /** Somebody else registers the name. */
  kick(): void {
    if (this.owner !== 'C') this.line('authority', this.owner).push({ kind: 'revoke', epoch: this.epoch });
    this.owner = 'C';
    this.epoch++;
  }

  act(choice: number, detail: number, mayLose: boolean, mayKick: boolean): void {
    const lines = [...this.lines].filter(([, messages]) => messages.length > 0);
    const kind = choice % 16;
    if (kind < 8 || (kind === 8 && !mayLose)) {
      const [name, messages] = lines[detail % Math.max(1, lines.length)] ?? [];
      const [from, to] = name?.split('>') ?? [];
      const message = messages?.shift();
      if (message && from && to) this.receive(from, to, message, (choice >> 4) % 3);
    } else if (kind === 8) {
      // A revocation is never lost: after a change of the main a node asks whether what it has is still its own.
      const losable = lines.filter(([, [first]]) => first?.kind !== 'revoke');
      losable[detail % Math.max(1, losable.length)]?.[1].shift();
    } else if (kind === 9) this.begin('A');
    else if (kind === 10) this.begin('B');
    else if (kind === 11) this.timeOut(detail);
    else if (kind === 12) this.look(detail % 2 ? 'A' : 'B');
    else if (kind === 13) {
      const [done] = this.thawing.splice(detail % Math.max(1, this.thawing.length), 1);
      if (done) this.thawed(done);
    } else if (kind === 14) {
      const [claim] = this.limbo.splice(detail % Math.max(1, this.limbo.length), 1);
      if (claim) this.decide(claim);
    } else if (mayKick) this.kick();
  }

  /** Everything arrives, every wait ends. */
  settle(): void {
    for (let round = 0; round < 400; round++) {
      for (const claim of this.limbo.splice(0)) this.decide(claim);
      for (const done of this.thawing.splice(0)) this.thawed(done);
      for (const [name, messages] of [...this.lines]) {
        const [from, to] = name.split('>') as [string, string];
        for (const message of messages.splice(0)) this.receive(from, to, message, 0);
      }
      if ([...this.lines.values()].every((messages) => messages.length === 0) && round % 3 === 2) {
        this.timeOut(round);
        this.look('A');
        this.look('B');
      }
    }
  }

  get living(): Name[] {
    return (['A', 'B'] as const).filter((name) => this.here[name]?.status === 'active');
  }
}

const choices = (maxLength: number) => fc.array(fc.tuple(fc.nat(47), fc.nat(11)), { maxLength });

describe('the machines of a move', { timeout: 240_000 }, () => {
  it('never have two living instances, and one in the end, whatever is slow, lost or decided late', () => {
    fc.assert(
      fc.property(choices(120), (list) => {
        const world = new World();
        world.begin('A');
        for (const [choice, detail] of list) {
          world.act(choice, detail, true, false);
          expect(world.living.length).toBeLessThanOrEqual(1);
        }
        world.settle();
        const { owner } = world;
        expect(world.living).toEqual([owner]);
        expect(world.here[owner as Name]?.epoch).toBe(world.epoch);
        expect(Object.values(world.here).filter(Boolean)).toHaveLength(1);
        expect(world.attempts.every(({ state }) => isOver(state))).toBe(true);
        expect(world.coming).toEqual({ A: undefined, B: undefined });
      }),
      { numRuns: 3_000 },
    );
  });

  it('give way to whoever registers the name meanwhile', () => {
    fc.assert(
      fc.property(choices(100), choices(60), (before, after) => {
        const world = new World();
        world.begin('A');
        for (const [choice, detail] of before) world.act(choice, detail, true, false);
        world.kick();
        for (const [choice, detail] of after) world.act(choice, detail, true, true);
        world.settle();
        expect(world.owner).toBe('C');
        expect(world.living).toEqual([]);
        expect(Object.values(world.here).filter(Boolean)).toEqual([]);
        expect(world.attempts.every(({ state }) => isOver(state))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('are needed: a source that takes a silent authority for a no has two instances', () => {
    const hasty = (): boolean => {
      const found = fc.check(
        fc.property(choices(120), (list) => {
          const world = new World();
          const step = world.step.bind(world);
          // What was before: no word about a move meant that it did not happen.
          world.step = (attempt, event) =>
            attempt.state.at === 'deciding' && event.kind === 'silent'
              ? step(attempt, { kind: 'mark', code: 'UNREACHABLE', epoch: { term: 0, counter: 0 } })
              : step(attempt, event);
          world.begin('A');
          for (const [choice, detail] of list) {
            world.act(choice, detail, true, false);
            if (world.living.length > 1) throw new Error('two');
          }
          world.settle();
          if (world.living.length !== 1) throw new Error('not one');
        }),
        { numRuns: 20_000 },
      );
      return found.failed;
    };
    expect(hasty()).toBe(true);
  });
});

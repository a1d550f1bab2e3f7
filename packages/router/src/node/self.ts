import type { ObjectId } from '../table/object-id.ts';
import type { Hosted } from './hosted.ts';
import { audienceId, type Memberships } from './memberships.ts';
import type { Address, AskOptions, Audience, Self } from './object.ts';
import type { Sender } from './sender.ts';

/** What an object's hands reach. */
export interface Hands {
  sender: Sender;
  memberships: Memberships;
}

export const createSelf = (object: Hosted, hands: Hands): Self => new ObjectSelf(object, hands);

/** A class, not closures: there may be a million. */
class ObjectSelf implements Self {
  readonly #object: Hosted;
  readonly #hands: Hands;

  constructor(object: Hosted, hands: Hands) {
    this.#object = object;
    this.#hands = hands;
  }
  get id(): ObjectId {
    return this.#object.id;
  }
  tell(to: Address, method: number, payload: Uint8Array): number {
    return this.#hands.sender.tell(this.#object.id, { to, method, payload });
  }
  tellSurely(to: Address, method: number, payload: Uint8Array, options?: AskOptions): Promise<void> {
    return this.#hands.sender.tellSurely(this.#object.id, { to, method, payload }, options);
  }
  sendState(to: Address, method: number, payload: Uint8Array): number {
    return this.#hands.sender.sendState(this.#object.id, { to, method, payload });
  }
  ask(to: Address, method: number, payload: Uint8Array, options?: AskOptions): Promise<Uint8Array> {
    return this.#hands.sender.ask(this.#object, { to, method, payload }, options);
  }
  broadcast(to: Audience, method: number, payload: Uint8Array): void {
    this.#hands.sender.broadcast(this.#object.id, { to: audienceId(to), method, payload });
  }
  join(group: string): void {
    this.#hands.memberships.join(this.#object, group);
  }
  leave(group: string): void {
    this.#hands.memberships.leave(this.#object, group);
  }
}

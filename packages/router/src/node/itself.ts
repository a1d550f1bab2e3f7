import type { Clock } from '@sparrow/core';
import { objectId } from '../table/object-id.ts';
import { Hosted } from './hosted.ts';
import type { Message } from './object.ts';
import type { Objects } from './objects.ts';
import type { Registrar } from './registrar.ts';

/** The type of the object that stands for a node itself. */
export const NODE_TYPE = '@node';

/** Two nodes of one name would take it from each other: not more often than this. */
const COME_BACK_MS = 300;
const AGAIN_MS = 100;

export interface ItselfParts {
  clock: Clock;
  objects: Objects;
  registrar: Registrar;
  /** `set/name`; another one after the set was given up. */
  fullName(): string;
  onMessage(message: Message): Promise<Uint8Array>;
  log(line: string): void;
}

/** The object that stands for the node. Answers come to the node by it: without it the node could only speak. */
export class Itself {
  readonly #parts: ItselfParts;
  #isClosed = false;
  object: Hosted;
  /** Resolves when it is registered. */
  registered: Promise<void> = Promise.resolve();

  constructor(parts: ItselfParts) {
    this.#parts = parts;
    this.object = this.#make();
  }

  /** Registers the node under its name, again and again until it is done. */
  register(): void {
    this.registered = this.#register(this.object);
  }

  /** The node has another name now. */
  rename(): void {
    this.#parts.objects.remove(this.object, 'unregistered');
    this.object = this.#make();
    this.register();
  }

  close(): void {
    this.#isClosed = true;
  }

  #make(): Hosted {
    const { fullName, onMessage } = this.#parts;
    const made: Hosted = new Hosted(
      objectId(NODE_TYPE, fullName()),
      {
        ask: onMessage,
        tell: async (message) => void (await onMessage(message)),
        revoked: () => this.#comeBack(made),
      },
      // A slow thaw must not hold up the next.
      { takesSeveral: true },
    );
    return made;
  }

  async #register(mine: Hosted): Promise<void> {
    const { registrar, clock, log, fullName } = this.#parts;
    while (!this.#isClosed && mine === this.object) {
      const [outcome] = await registrar.register([mine], 'kick');
      if (outcome?.code === 'OK' || this.#isClosed || mine !== this.object) return;
      log(`${fullName()}: the node itself was not registered: ${outcome?.code}`);
      this.object = this.#make();
      mine = this.object;
      await new Promise<void>((resolve) => {
        clock.after(AGAIN_MS, resolve);
      });
    }
  }

  /** Whoever took the name for a moment, or has it wrongly, loses it. */
  #comeBack(lost: Hosted): void {
    if (this.#isClosed || this.object !== lost) return;
    const { clock, log, fullName } = this.#parts;
    log(`${fullName()}: the node itself was taken out of the table, it registers anew`);
    clock.after(COME_BACK_MS, () => {
      if (this.#isClosed || this.object !== lost) return;
      this.object = this.#make();
      this.register();
    });
  }
}

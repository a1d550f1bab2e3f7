import type { Clock } from '@sparrow/core';
import type { Link } from '../links/link.ts';
import type { Epoch, Hosted, Mail } from './hosted.ts';
import type { NodeCounters } from './node-api.ts';
import type { Self, Thaw } from './object.ts';
import type { Objects } from './objects.ts';
import type { Registrar } from './registrar.ts';
import type { Sender } from './sender.ts';

/** What moves need of the other parts of a node. */
export interface MoverParts {
  self(): { set: string; name: string; incarnation: string; hands: Self };
  objects: Objects;
  sender: Sender;
  clock: Clock;
  registrar: Registrar;
  main(): Link | undefined;
  /** Where an object is, as the main router says. @throws RouterError */
  lookUp(type: string, key: string): Promise<{ isHere: boolean; epoch?: Epoch }>;
  thaws: Record<string, Thaw | undefined>;
  counters: NodeCounters;
  joinGroups(object: Hosted): void;
  take(object: Hosted, mail: Mail): boolean;
  work(object: Hosted): void;
}

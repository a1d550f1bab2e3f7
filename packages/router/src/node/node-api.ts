import type { Clock } from '@sparrow/core';
import type { Coordinator } from '../coordinators/coordinator.ts';
import type { RouterErrorCode } from '../errors.ts';
import type { LinkLimits } from '../links/limits.ts';
import type { PickAnswer } from '../router/placement.ts';
import type { ObjectId } from '../table/object-id.ts';
import type { Transport } from '../transports/transport.ts';
import type { Address, Ref, RoutedObject, Self, Thaw } from './object.ts';

export interface NodeOptions {
  /** The set it belongs to. */
  set: string;
  /** Unique in the set. */
  name: string;
  /** Types that it may register; a function makes a moved object again. */
  types: Record<string, Thaw | undefined>;
  transport: Transport;
  /** Addresses of the set's routers, or the coordinator where they are listed. */
  routers: string[] | Coordinator;
  key?: string;
  limits?: Partial<LinkLimits>;
  protocol?: { min: number; max: number };
  clock?: Clock;
  /** What new objects are placed by; grows with the work (default: objects). */
  load?: () => number;
  log?: (line: string) => void;
  /** Off only where a test shows what fencing is for. */
  fencing?: boolean;
}

export interface RegisterOptions {
  /** What happens when the id is taken: the former owner loses it (`kick`, default), or we do not get it (`reject`). */
  policy?: 'kick' | 'reject';
  /** Moves with this object. */
  together?: Ref;
}

export interface Registration {
  readonly id: ObjectId;
  readonly self: Self;
  readonly epoch: { term: number; counter: number };
  /** A standby of the router had it when it was answered: it survives the death of the main's process. */
  readonly isCovered: boolean;
  /** @throws RouterError UNREACHABLE when nobody decides about it now; the object is still here then */
  unregister(): Promise<void>;
}

export interface NodeCounters {
  delivered: number;
  refused: number;
  /** Frames of a router that leads no more. */
  stale: number;
  moved: number;
  /** Registrations that were answered while no standby was in step. */
  uncovered: number;
}

export interface Node {
  /** Another one after the set that it was made for was given up. */
  readonly set: string;
  /** `name@set` of what it was made for, in another set. */
  readonly name: string;
  /** Resolves when a main router leads us. @throws RouterError UNREACHABLE after `timeoutMs` */
  ready(timeoutMs?: number): Promise<void>;
  readonly hasMain: boolean;
  readonly term: number;
  /** Term of the router that the frame that is being delivered came from. */
  readonly lastLinkTerm: number;
  readonly objects: number;
  readonly counters: NodeCounters;
  /** @throws RouterError EXISTS, COLLISION, TYPE_NOT_DECLARED, UNREACHABLE */
  register(type: string, key: string, object: RoutedObject, options?: RegisterOptions): Promise<Registration>;
  /** Many at once; the codes of those that were not registered, by key. */
  registerAll(
    type: string,
    keys: readonly string[],
    create: (key: string) => RoutedObject,
    options?: RegisterOptions,
  ): Promise<Map<string, RouterErrorCode>>;
  /** What the node itself sends and asks. */
  readonly self: Self;
  /** The hands of an object of this node. */
  selfOf(id: Address): Self | undefined;
  /** The epoch in which this node holds an object; undefined when it does not. */
  epochOf(id: Address): { term: number; counter: number } | undefined;
  /** A node for a new object: with its companion, else the least loaded. */
  pick(type: string, options?: { with?: Ref; avoid?: string[]; awayFrom?: string }): Promise<PickAnswer>;
  /** Moves one object of this node. @throws RouterError what kept it here; the object then goes on here */
  move(id: Address, to: PickAnswer): Promise<void>;
  /** Moves all that can move. */
  drain(options?: { awayFrom?: string }): Promise<{ moved: number; left: number }>;
  /** Leaves: its objects are gone at once. */
  close(): Promise<void>;
  /** Ends like a killed process. */
  destroy(): void;
}

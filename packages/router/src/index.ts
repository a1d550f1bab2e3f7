/** The object router: objects that find each other across processes, sets and regions. */
export type { Closable, Coordinator, Election, ElectionEvents, Membership } from './coordinators/coordinator.ts';
export { createLocalCoordination, type LocalCoordination } from './coordinators/local.ts';
export { createEmbeddedSet, type EmbeddedSet } from './embedded.ts';
export { RouterError, type RouterErrorCode } from './errors.ts';
export type { LinkLimits } from './links/link.ts';
export { createNode, type Node, type NodeOptions, type RegisterOptions, type Registration } from './node/node.ts';
export type { Address, Audience, Message, Ref, Refused, RoutedObject, Self, Thaw } from './node/object.ts';
export type { Lookup, Topology, TopologyLink, TopologyNode } from './router/admin.ts';
export type { Leadership } from './router/leadership.ts';
export { createRouter, type Router, type RouterOptions } from './router/router.ts';
export type { RouterTimes } from './router/state.ts';
export { type ObjectId, objectId } from './table/object-id.ts';
export { createLocalTransport } from './transports/local.ts';
export { createTcpTransport, type TlsOptions } from './transports/tcp.ts';
export type { Listener, Transport, Wire, WireEvents } from './transports/transport.ts';

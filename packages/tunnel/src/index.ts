/** The tunnel service: framework-independent, see README.md. */
export type { CallbackTarget, TunnelApp, TunnelApps } from './apps.ts';
export { TunnelError, type TunnelErrorCode } from './errors.ts';
export { DEFAULT_LIMITS, type TunnelLimits } from './limits.ts';
export { createTunnel, type Tunnel, type TunnelEvent, type TunnelOptions } from './tunnel.ts';
export { sign } from './wire.ts';

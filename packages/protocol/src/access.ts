/**
 * Who may use a route or a socket. Each says so where it is registered; what says nothing is refused.
 *
 * - `machine`: whoever is on this machine. Only for what holds no secret, like the console's own pages.
 * - `console`: this machine, with the bearer token of `.sparrow/token`.
 * - `backend`: this machine, with SPARROW_TOKEN or, for calls of the tunnel, with a signature over the body.
 * - `app`: a phone, with its token; in the LAN only after the QR code.
 * - `lan`: this machine, and devices of the LAN that scanned the QR code.
 * - `public`: everybody who reaches the server, sandboxed frames and pages of other sites included.
 */
export const ACCESS_KINDS = ['machine', 'console', 'backend', 'app', 'lan', 'public'] as const;
export type Access = (typeof ACCESS_KINDS)[number];

/**
 * Takes away what no content security policy covers: WebRTC sends packets to any address. Runs before anything of a mini program
 * does. Frames that its code could open have origins of their own, so none of them hands the constructors back, and the only
 * script that they may load is the one that begins with this.
 */
export function closeRealm(realm: object): void {
  for (const name of Object.getOwnPropertyNames(realm))
    if (/^(webkit|moz)?RTC/.test(name)) Reflect.deleteProperty(realm, name);
}

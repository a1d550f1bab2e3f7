/** An address the relay does not dial, or that did not answer. */
export class RelayFailure extends Error {
  readonly kind: 'network' | 'domain' | 'refused';
  readonly errno: number;
  constructor(kind: RelayFailure['kind'], message: string, errno: number) {
    super(message);
    this.kind = kind;
    this.errno = errno;
  }
}

/** One message of the bridge, as it was seen passing. */
export interface SeenMessage {
  /** Milliseconds UTC. */
  time: number;
  verb: 'Publish' | 'Subscribe' | 'Invoke' | 'On';
  event: string;
  /** Page the message belongs to, 0 for none. */
  pageId: number;
  /** Characters of the encoded arguments; those of a long message are counted to the end of what is shown of it. */
  size: number;
  /** The arguments, cut. */
  summary: string;
}

/** One entry of the trace panel. */
export interface TraceEntry extends SeenMessage {
  phone: string;
  /** Path of the page; empty when it belongs to none. */
  page: string;
}

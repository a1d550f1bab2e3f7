import type { NodeId } from '@sparrow/protocol';

/** A WXS function by its module and its place in the exports of it. */
export interface Handler {
  script: number;
  path: readonly string[];
  final: boolean;
  mutated: boolean;
}

/** What the view knows of a node besides what the DOM shows. Only nodes that WXS handlers may meet have any. */
export interface NodeFacts {
  /** Component whose template the node is of, where it is not the one around it. */
  owner?: NodeId;
  dataset?: Record<string, unknown>;
  /** By event type, with `capture ` before those of the capture phase. */
  handlers?: Map<string, Handler>;
  /** Events that a handler of the logic layer ends here; keys as in `handlers`. */
  catches?: Set<string>;
  /** Touch events that the logic layer listens to here. */
  heard?: Set<string>;
  /** Its style without what WXS has set. */
  style?: string;
  scriptStyle?: string;
  /** Classes that WXS has added, and those it has removed. */
  classes?: Map<string, boolean>;
}

const FACTS = Symbol('sparrow facts');
type Known = Node & { [FACTS]?: NodeFacts };

export const factsOf = (node: Node): NodeFacts | undefined => (node as Known)[FACTS];

export function needFacts(node: Node): NodeFacts {
  const known = node as Known;
  known[FACTS] ??= {};
  return known[FACTS];
}

export const keyOf = (type: string, capture: boolean): string => (capture ? `capture ${type}` : type);

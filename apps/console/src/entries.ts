import type { LogLine, NetworkEntry } from '@sparrow/protocol';

/** What the panel keeps, with the phone it came from. */
export interface PanelLog extends LogLine {
  phone: string;
}
export interface PanelNetwork extends NetworkEntry {
  phone: string;
}

import type { AppShowOptions, PackageManifest, SeenMessage, ServiceBundle, ViewCommand } from '@sparrow/protocol';
import type { HostEvent, HostEvents } from '../wx/contracts.ts';
import type { DebugResult, LogEntry, ProblemEntry, ReportEntry } from '../wx/developer/contract.ts';
import type { NetworkLog } from './network-log.ts';
import type { Permissions } from './permissions.ts';
import type { ProgramFiles } from './program-files.ts';
import type { RelayClient } from './relay-client.ts';
import type { Screen } from './screen.ts';
import type { Storage } from './storage.ts';
import type { UserFiles } from './user-files.ts';

/** What the host halves of `wx` stand on: one phone with one mini program. The simulator is one; another host may be. */
export interface Phone {
  /** As `wx.getSystemInfo` gives it, for example `zh_CN`. */
  readonly language: string;
  readonly relay: RelayClient;
  readonly files: ProgramFiles;
  readonly userFiles: UserFiles;
  readonly storage: Storage;
  readonly permissions: Permissions;
  readonly screen: Screen;
  readonly pages: Pages;
  readonly program: Program;
  readonly developer: Developer;
  /** Ends a running call of the logic layer. */
  abort(id: number): void;
  /** Tells the logic layer what nobody asked for; `wx.onX` hears it. */
  emit<E extends HostEvent>(event: E, data: HostEvents[E]): void;
  /** Runs when the phone is closed. */
  onClose(end: () => void): void;
}

/** A page that lives. */
export interface HostPage {
  readonly id: number;
  readonly path: string;
  readonly query: Record<string, string>;
  /** Index in the tab bar, -1 for others. */
  readonly tab: number;
  readonly bar: NavigationBar;
  /** Asks the view for something. */
  command(command: ViewCommand): void;
  /** Background and sign of refresh, instead of those of the page's settings. */
  dress(look: { backgroundColor?: string | undefined; backgroundTextStyle?: 'dark' | 'light' | undefined }): void;
}

/** The page stack. The changes throw a NativeFailure when they cannot be. */
export interface Pages {
  readonly top: HostPage | undefined;
  readonly stack: readonly HostPage[];
  /** @throws NativeFailure when the page is closed */
  byId(id: number): HostPage;
  navigateTo(url: string, cause?: number): void;
  redirectTo(url: string): void;
  switchTab(url: string): void;
  reLaunch(url: string): void;
  navigateBack(delta: number): void;
  /** The tab bar under the page that is shown. @throws NativeFailure when there is none */
  tabBar(): TabBar;
  /** While a layer is open over the page, going back closes that instead of the page. `on`: one more, or one less. */
  holdBack(id: number, on: boolean): void;
  /** A page is there for its user, or never will be. */
  ready(id: number, error?: string): void;
}

export interface NavigationBar {
  setTitle(title: string): void;
  /** @param durationMs of the change */
  setColor(front: string, background: string, durationMs?: number): void;
  setLoading(on: boolean): void;
  hideHome(): void;
}

export interface TabItem {
  text?: string | undefined;
  iconPath?: string | undefined;
  selectedIconPath?: string | undefined;
}
export interface TabBarStyle {
  color?: string | undefined;
  selectedColor?: string | undefined;
  backgroundColor?: string | undefined;
  borderStyle?: string | undefined;
}
export interface TabBar {
  setHidden(hidden: boolean): void;
  /** What the program chooses stays when the theme changes. The calls with an index throw when there is no such item. */
  setItem(index: number, item: TabItem): void;
  setStyle(style: TabBarStyle): void;
  /** @param badge text of the badge; undefined takes it away */
  setBadge(index: number, badge: string | undefined): void;
  setDot(index: number, on: boolean): void;
}

/** The mini program that runs. */
export interface Program {
  readonly manifest: PackageManifest;
  readonly launch: AppShowOptions;
  /** Scripts and templates of a package that the manifest lists. */
  loadPackage(root: string): Promise<ServiceBundle>;
  /** Ends it as far as its user sees; the way back in is the one from the recent apps. */
  exit(): void;
}

/** Who looks after the program. */
export interface Developer {
  log(entry: LogEntry): void;
  problem(entry: ProblemEntry): void;
  report(entry: ReportEntry): void;
  trace(messages: readonly SeenMessage[]): void;
  readonly network: NetworkLog;
  answered(result: DebugResult): void;
}

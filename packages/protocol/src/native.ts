/**
 * The native abilities a mini program can invoke: name → [params, result]. The host implements a handler for every key
 * and checks the params of every call; names are those of `wx.*` where there is one, the rest begin with an
 * underscore-free noun.
 */
import type { AppShowOptions, MenuButtonRect, StoredValue, SystemInfo } from './environment.ts';
import type { ServiceBundle } from './package-format.ts';
import type { ProblemCode } from './problems.ts';
import type { SeenMessage } from './trace.ts';

type Nothing = Record<string, never>;

export interface InvokeMap {
  // routing
  navigateTo: [{ url: string; cause: number }, Nothing];
  redirectTo: [{ url: string }, Nothing];
  navigateBack: [{ delta: number }, Nothing];
  switchTab: [{ url: string }, Nothing];
  reLaunch: [{ url: string }, Nothing];
  /** The page of this id has run onLoad, onShow and its first flush (`error`: it could not be created). */
  pageReady: [{ pageId: number; error?: string }, Nothing];
  loadSubpackage: [{ root: string }, { bundle: ServiceBundle }];
  exitMiniProgram: [Nothing, Nothing];

  // network, all through the relay
  request: [RequestParams, RequestResult];
  uploadFile: [UploadParams, { statusCode: number; data: string; header: Record<string, string> }];
  downloadFile: [
    { url: string; header: Record<string, string>; timeout: number },
    { statusCode: number; tempFilePath: string; header: Record<string, string> },
  ];
  /** Aborts the running Invoke with this id. */
  abort: [{ id: number }, Nothing];
  connectSocket: [
    { url: string; header: Record<string, string>; protocols: string[]; timeout: number; socketId: number },
    { header: Record<string, string> },
  ];
  sendSocketMessage: [{ socketId: number; data: string | ArrayBuffer }, Nothing];
  closeSocket: [{ socketId: number; code: number; reason: string }, Nothing];

  // login and user
  login: [{ timeout?: number }, { code: string }];
  checkSession: [Nothing, Nothing];
  getUserInfo: [{ withCredentials: boolean; lang: string; profile: boolean }, UserInfoResult];

  // storage: the logic layer has answered already, this writes it down
  setStorage: [{ key: string; value: StoredValue }, Nothing];
  removeStorage: [{ key: string }, Nothing];
  clearStorage: [Nothing, Nothing];

  // user interface
  showToast: [{ title: string; icon: string; image?: string; duration: number; mask: boolean }, Nothing];
  hideToast: [Nothing, Nothing];
  showLoading: [{ title: string; mask: boolean }, Nothing];
  hideLoading: [Nothing, Nothing];
  showModal: [
    {
      title: string;
      content: string;
      showCancel: boolean;
      cancelText: string;
      /** Colours that the program names; without one a button has that of the phone's theme. */
      cancelColor?: string;
      confirmText: string;
      confirmColor?: string;
      editable: boolean;
      placeholderText: string;
    },
    { confirm: boolean; cancel: boolean; content?: string },
  ];
  showActionSheet: [{ itemList: string[]; itemColor?: string; alertText?: string }, { tapIndex: number }];
  setNavigationBarTitle: [{ pageId: number; title: string }, Nothing];
  setNavigationBarColor: [
    {
      pageId: number;
      frontColor: string;
      backgroundColor: string;
      animation?: { duration: number; timingFunc: string };
    },
    Nothing,
  ];
  showNavigationBarLoading: [{ pageId: number }, Nothing];
  hideNavigationBarLoading: [{ pageId: number }, Nothing];
  hideHomeButton: [{ pageId: number }, Nothing];
  setBackgroundColor: [{ pageId: number; backgroundColor?: string }, Nothing];
  setBackgroundTextStyle: [{ pageId: number; textStyle: 'dark' | 'light' }, Nothing];
  startPullDownRefresh: [{ pageId: number }, Nothing];
  stopPullDownRefresh: [{ pageId: number }, Nothing];
  pageScrollTo: [
    { pageId: number; scrollTop?: number; selector?: string; offsetTop?: number; duration: number },
    Nothing,
  ];
  /** showTabBar, hideTabBar, badges, red dots, item and style changes: one call, since they share their checks. */
  tabBar: [TabBarCommand, Nothing];
  showPicker: [PickerParams, { value: unknown } | { cancel: true } | { column: number; value: number }];

  // device
  setClipboardData: [{ data: string }, Nothing];
  getClipboardData: [Nothing, { data: string }];
  getNetworkType: [Nothing, { networkType: string; signalStrength: number; hasSystemProxy: boolean }];
  getSystemInfo: [Nothing, { system: SystemInfo; menuButton: MenuButtonRect; launch: AppShowOptions }];
  vibrate: [{ long: boolean }, Nothing];
  makePhoneCall: [{ phoneNumber: string }, Nothing];
  /** Takes the focus away from the page, which closes its keyboard. */
  hideKeyboard: [Nothing, Nothing];
  /** What the user answered to the scopes asked for; a scope nobody asked for is absent. */
  getSetting: [Nothing, { authSetting: Record<string, boolean> }];
  /** Asks the user, unless the scope has an answer. */
  authorize: [{ scope: string }, Nothing];
  /** Lets the user change the answers. */
  openSetting: [Nothing, { authSetting: Record<string, boolean> }];

  // media and files
  chooseMedia: [
    { count: number; mediaType: string[]; sourceType: string[] },
    { tempFiles: ChosenFile[]; type: 'image' | 'video' | 'mix' },
  ];
  /** Files of any kind, picked on the machine the phone runs on. `extension` without dots; empty for all. */
  chooseMessageFile: [
    { count: number; type: 'all' | 'video' | 'image' | 'file'; extension: string[] },
    { tempFiles: ChosenMessageFile[] },
  ];
  saveImageToPhotosAlbum: [{ filePath: string }, Nothing];
  getImageInfo: [{ src: string }, { width: number; height: number; path: string; orientation: string; type: string }];
  previewImage: [{ current: string; urls: string[] }, Nothing];
  readFile: [{ path: string }, { data: ArrayBuffer }];
  /**
   * The user folder: what the logic layer wrote is kept, and found by uploads and images. Without data it is a folder.
   */
  writeUserFile: [{ path: string; data?: ArrayBuffer }, Nothing];
  removeUserFile: [{ path: string }, Nothing];
  writeTempFile: [{ data: ArrayBuffer; suffix: string }, { tempFilePath: string }];

  // for the developer
  log: [{ level: 'debug' | 'info' | 'log' | 'warn' | 'error'; text: string; stack?: string; pageId: number }, Nothing];
  /** An uncaught error or a failed call that a user would notice. */
  problem: [
    {
      kind: 'component' | 'api' | 'script' | 'runtime';
      code: ProblemCode;
      message: string;
      stack?: string;
      pageId: number;
    },
    Nothing,
  ];
  report: [{ event: string; data: unknown }, Nothing];
  /** Messages between the logic layer and its views, when a tool reads along. */
  trace: [{ messages: SeenMessage[] }, Nothing];
  debugResult: [{ id: number; value: unknown; error?: string }, Nothing];
}

export interface RequestParams {
  url: string;
  method: string;
  header: Record<string, string>;
  /** Body as it goes over the wire; undefined for none. */
  data: string | ArrayBuffer | undefined;
  responseType: 'text' | 'arraybuffer';
  /** Milliseconds. */
  timeout: number;
  /** The body comes as progress (`chunk`), piece by piece, and the result has none. */
  chunked?: boolean;
}

export interface RequestResult {
  statusCode: number;
  header: Record<string, string>;
  cookies: string[];
  data: string | ArrayBuffer;
}

export interface UploadParams {
  url: string;
  filePath: string;
  name: string;
  header: Record<string, string>;
  formData: Record<string, string>;
  timeout: number;
}

export interface UserInfoResult {
  userInfo: UserInfo;
  rawData: string;
  signature: string;
  encryptedData: string;
  iv: string;
}

export interface UserInfo {
  nickName: string;
  avatarUrl: string;
  gender: number;
  city: string;
  province: string;
  country: string;
  language: string;
}

export interface ChosenFile {
  tempFilePath: string;
  size: number;
  fileType: 'image' | 'video';
  width?: number;
  height?: number;
}

export interface ChosenMessageFile {
  path: string;
  name: string;
  /** Bytes. */
  size: number;
  type: 'video' | 'image' | 'file';
  /** Seconds since 1970. */
  time: number;
}

export type TabBarCommand =
  | { op: 'show' | 'hide'; animation: boolean }
  | { op: 'setBadge'; index: number; text: string }
  | { op: 'removeBadge' | 'showRedDot' | 'hideRedDot'; index: number }
  | { op: 'setItem'; index: number; text?: string; iconPath?: string; selectedIconPath?: string }
  | { op: 'setStyle'; color?: string; selectedColor?: string; backgroundColor?: string; borderStyle?: string };

export interface PickerParams {
  mode: 'selector' | 'multiSelector' | 'time' | 'date' | 'region';
  /** Option texts of every wheel. */
  columns: string[][];
  /** Index in every column. */
  value: number[];
  headerText?: string;
  /** Gives the sheet that is open these columns, and answers at once. */
  update?: boolean;
}

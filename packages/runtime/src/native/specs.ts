import type { InvokeName } from '@sparrow/protocol';

/** Says what is wrong with the params of a call, or nothing. */
type Check = (params: unknown) => string | undefined;
type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'any' | 'data';

/** `{ name: kind }`; a name with `?` may be absent. `data` is a string or an ArrayBuffer. */
function shape(spec: Record<string, Kind>): Check {
  return (params) => {
    if (typeof params !== 'object' || params === null || Array.isArray(params)) return 'params should be Object';
    for (const [key, kind] of Object.entries(spec)) {
      const optional = key.endsWith('?');
      const name = optional ? key.slice(0, -1) : key;
      const value = (params as Record<string, unknown>)[name];
      if (value === undefined && (optional || kind === 'any')) continue;
      if (!fits(value, kind)) return `parameter.${name} should be ${kind}`;
    }
    return undefined;
  };
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'data':
      return typeof value === 'string' || value instanceof ArrayBuffer;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    default:
      return typeof value === kind;
  }
}

const nothing = shape({});
const page = shape({ pageId: 'number' });
const url = shape({ url: 'string' });

/** The params of every native ability, as far as a stranger could get them wrong. */
export const INVOKE_SPECS: Record<InvokeName, Check> = {
  navigateTo: shape({ url: 'string', 'cause?': 'number' }),
  redirectTo: url,
  navigateBack: shape({ delta: 'number' }),
  switchTab: url,
  reLaunch: url,
  pageReady: shape({ pageId: 'number', 'error?': 'string' }),
  loadSubpackage: shape({ root: 'string' }),
  exitMiniProgram: nothing,
  request: shape({
    url: 'string',
    method: 'string',
    header: 'object',
    'data?': 'data',
    responseType: 'string',
    timeout: 'number',
    'chunked?': 'boolean',
  }),
  uploadFile: shape({
    url: 'string',
    filePath: 'string',
    name: 'string',
    header: 'object',
    formData: 'object',
    timeout: 'number',
  }),
  downloadFile: shape({ url: 'string', header: 'object', timeout: 'number' }),
  abort: shape({ id: 'number' }),
  connectSocket: shape({
    url: 'string',
    header: 'object',
    protocols: 'array',
    timeout: 'number',
    socketId: 'number',
  }),
  sendSocketMessage: shape({ socketId: 'number', data: 'data' }),
  closeSocket: shape({ socketId: 'number', code: 'number', reason: 'string' }),
  login: shape({ 'timeout?': 'number' }),
  checkSession: nothing,
  getUserInfo: shape({ withCredentials: 'boolean', lang: 'string', profile: 'boolean' }),
  setStorage: shape({ key: 'string', value: 'object' }),
  removeStorage: shape({ key: 'string' }),
  clearStorage: nothing,
  showToast: shape({ title: 'string', icon: 'string', duration: 'number', mask: 'boolean', 'image?': 'string' }),
  hideToast: nothing,
  showLoading: shape({ title: 'string', mask: 'boolean' }),
  hideLoading: nothing,
  showModal: shape({ title: 'string', content: 'string', showCancel: 'boolean' }),
  showActionSheet: shape({ itemList: 'array' }),
  setNavigationBarTitle: shape({ pageId: 'number', title: 'string' }),
  setNavigationBarColor: shape({ pageId: 'number', frontColor: 'string', backgroundColor: 'string' }),
  showNavigationBarLoading: page,
  hideNavigationBarLoading: page,
  hideHomeButton: page,
  setBackgroundColor: page,
  setBackgroundTextStyle: shape({ pageId: 'number', textStyle: 'string' }),
  startPullDownRefresh: page,
  stopPullDownRefresh: page,
  pageScrollTo: shape({ pageId: 'number', 'scrollTop?': 'number', 'selector?': 'string', duration: 'number' }),
  tabBar: shape({ op: 'string' }),
  showPicker: shape({ mode: 'string', columns: 'array' }),
  setClipboardData: shape({ data: 'string' }),
  getClipboardData: nothing,
  getNetworkType: nothing,
  getSystemInfo: nothing,
  vibrate: shape({ long: 'boolean' }),
  makePhoneCall: shape({ phoneNumber: 'string' }),
  hideKeyboard: nothing,
  getSetting: nothing,
  authorize: shape({ scope: 'string' }),
  openSetting: nothing,
  chooseMedia: shape({ count: 'number', mediaType: 'array', sourceType: 'array' }),
  chooseMessageFile: shape({ count: 'number', type: 'string', extension: 'array' }),
  saveImageToPhotosAlbum: shape({ filePath: 'string' }),
  getImageInfo: shape({ src: 'string' }),
  previewImage: shape({ current: 'string', urls: 'array' }),
  readFile: shape({ path: 'string' }),
  writeUserFile: shape({ path: 'string', 'data?': 'data' }),
  removeUserFile: shape({ path: 'string' }),
  writeTempFile: shape({ data: 'data', suffix: 'string' }),
  log: shape({ level: 'string', text: 'string', pageId: 'number' }),
  problem: shape({ kind: 'string', code: 'string', message: 'string', pageId: 'number' }),
  report: shape({ event: 'string', data: 'any' }),
  trace: shape({ messages: 'array' }),
  debugResult: shape({ id: 'number', value: 'any' }),
};

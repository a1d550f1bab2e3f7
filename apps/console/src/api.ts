import type { BackendStatus, LogLine } from '@sparrow/protocol';

/** The control token comes in the fragment of the address and stays in this tab. */
export function readToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem('sparrow.token', given);
    history.replaceState(null, '', location.pathname);
  }
  return given ?? sessionStorage.getItem('sparrow.token') ?? '';
}

export interface Status {
  app: string;
  env: string;
  title: string;
  appid: string;
  url: string;
  lanUrl?: string;
  lanQr?: string;
  backend: BackendStatus;
}
export interface SimulatorInfo {
  token: string;
  phone: string;
}

export interface Api {
  status(): Promise<Status>;
  simulator(): Promise<SimulatorInfo>;
  logs(): Promise<{ lines: LogLine[] }>;
  restartBackend(): Promise<void>;
}

export function createApi(token: string): Api {
  async function call<T>(path: string, method = 'GET'): Promise<T> {
    const response = await fetch(`/api/v1/${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(String(response.status));
    return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
  }
  return {
    status: () => call('status'),
    simulator: () => call('simulator'),
    logs: () => call('logs'),
    restartBackend: () => call('backend/restart', 'POST'),
  };
}

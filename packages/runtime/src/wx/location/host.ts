import { requireDeclared } from '../../native/declared.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { Coordinates, locationContract } from './contract.ts';
import { toGcj02, toWgs84 } from './coordinates.ts';
import { choosePlace, choosePoint, showPlace } from './host-places.ts';
import { createTracker } from './host-tracker.ts';

/** What a fuzzy position is rounded to: some five kilometres, in degrees. */
const FUZZY = 0.05;
/** Metres, of a position that was asked for with high accuracy. */
const HIGH_ACCURACY = 10;

export function createLocationHost(phone: Phone): HostHalf<typeof locationContract> {
  const { permissions, program, surroundings } = phone;
  const tracker = createTracker(phone, read);

  /** @throws NativeFailure as Android says it when there is no signal */
  async function fix(): Promise<Coordinates & { altitude: number; accuracy: number; speed: number }> {
    const { source, ...simulated } = surroundings.state.position;
    if (source === 'none') throw new NativeFailure('ERROR_NOCELL&WIFI_LOCATIONSWITCHOFF', { extra: { errCode: 2 } });
    return source === 'browser' ? askBrowser() : simulated;
  }

  async function read(type: string, isHighAccuracy = false) {
    const { altitude, speed, accuracy: at, ...gcj02 } = await fix();
    const accuracy = isHighAccuracy ? Math.min(at, HIGH_ACCURACY) : at;
    const place = type === 'gcj02' ? gcj02 : toWgs84(gcj02);
    const { latitude, longitude } = place;
    return { latitude, longitude, altitude, speed, accuracy, horizontalAccuracy: accuracy, verticalAccuracy: accuracy };
  }

  return {
    async getLocation({ type, altitude, isHighAccuracy }) {
      requireDeclared(program, 'getLocation');
      await permissions.ask('scope.userLocation');
      const found = await read(type, isHighAccuracy);
      return altitude ? found : { ...found, altitude: 0 };
    },
    async getFuzzyLocation({ type }) {
      requireDeclared(program, 'getFuzzyLocation');
      await permissions.ask('scope.userFuzzyLocation');
      const { latitude, longitude } = await read(type);
      return { latitude: rounded(latitude), longitude: rounded(longitude) };
    },
    async chooseLocation({ latitude, longitude }) {
      requireDeclared(program, 'chooseLocation');
      const { position } = surroundings.state;
      return choosePoint(phone, {
        latitude: latitude ?? position.latitude,
        longitude: longitude ?? position.longitude,
      });
    },
    async choosePoi() {
      requireDeclared(program, 'choosePoi');
      return choosePlace(phone, surroundings.state.position);
    },
    openLocation: (place) => showPlace(phone, place),
    async startLocationUpdate({ type }) {
      requireDeclared(program, 'startLocationUpdate');
      await permissions.ask('scope.userLocation');
      tracker.start(type);
    },
    async startLocationUpdateBackground({ type }) {
      requireDeclared(program, 'startLocationUpdateBackground');
      const modes = program.manifest.app.raw.requiredBackgroundModes;
      if (!Array.isArray(modes) || !modes.includes('location'))
        throw new NativeFailure('requiredBackgroundModes in app.json should contain location');
      await permissions.ask('scope.userLocationBackground');
      tracker.start(type);
    },
    stopLocationUpdate: () => tracker.stop(),
  };
}

const rounded = (degrees: number): number => Number((Math.round(degrees / FUZZY) * FUZZY).toFixed(2));

/** Longest wait for the browser, which may wait for its user. Milliseconds. */
const BROWSER_MS = 30_000;

function askBrowser(): Promise<Coordinates & { altitude: number; accuracy: number; speed: number }> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({
          ...toGcj02({ latitude: coords.latitude, longitude: coords.longitude }),
          altitude: coords.altitude ?? 0,
          accuracy: coords.accuracy,
          speed: coords.speed ?? -1,
        }),
      ({ code }) =>
        reject(
          code === GeolocationPositionError.PERMISSION_DENIED
            ? new NativeFailure('system permission denied', { extra: { errCode: code } })
            : new NativeFailure('ERROR_NETWORK', { extra: { errCode: code } }),
        ),
      { timeout: BROWSER_MS },
    );
  });
}

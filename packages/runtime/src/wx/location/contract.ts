import { contract } from '../contract.ts';
import { flag, number, oneOf, optional, text } from '../schema.ts';

/** Degrees. */
const latitude = number({ min: -90, max: 90 });
const longitude = number({ min: -180, max: 180 });

/** Lengths in metres, speed in metres a second. */
export const position = {
  ...{ latitude: number(), longitude: number(), altitude: number(), speed: number() },
  ...{ accuracy: number(), horizontalAccuracy: number(), verticalAccuracy: number() },
};
const place = { name: text(), address: text(), latitude: number(), longitude: number() };
const coordinates = { params: { type: text() } };

/** Where the phone is: simulated, set in its surroundings, or asked of the browser where that is chosen there. */
export const locationContract = contract({
  calls: {
    getLocation: { params: { type: text(), altitude: flag(), isHighAccuracy: flag() }, result: position },
    getFuzzyLocation: { params: { type: text() }, result: { latitude: number(), longitude: number() } },
    /** Simulated: the places around are made up. GCJ-02, as the three that follow. */
    chooseLocation: { params: { latitude: optional(latitude), longitude: optional(longitude) }, result: place },
    /** Type 1 is the city, 2 a place. Simulated as above. */
    choosePoi: { result: { ...place, city: text(), type: oneOf(1, 2) } },
    /** Simulated: the map is drawn, not of the world. */
    openLocation: {
      params: {
        ...{ latitude, longitude, name: text(), address: text() },
        scale: number({ min: 5, max: 18 }),
      },
    },
    startLocationUpdate: coordinates,
    startLocationUpdateBackground: coordinates,
    stopLocationUpdate: {},
  },
  events: {
    LocationChange: position,
    LocationChangeError: { errCode: number() },
  },
});

export type Coordinates = Pick<Place, 'latitude' | 'longitude'>;
export interface Place {
  name: string;
  address: string;
  latitude: number;
  longitude: number;
}

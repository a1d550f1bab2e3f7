import { h, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { Phone } from '../../native/phone.ts';
import { tallSheet } from '../../native/tall-sheet.ts';
import type { Coordinates, Place } from './contract.ts';
import { drawMap, moved } from './host-map.ts';

type Choice = Place & { city: string; type: 1 | 2 };
type Shown = Pick<Phone, 'screen' | 'language'>;

const TEXTS = {
  zh: {
    ...{ cancel: '取消', confirm: '确定', done: '完成', search: '搜索地点', go: '导航', title: '选择位置' },
    ...{ here: '当前位置', nameless: '位置', city: '深圳市', showCity: '只显示城市' },
    away: (metres: number, address: string) => `${metres} 米 | ${address}`,
    navigated: '已打开导航（模拟）',
    street: (number: number) => `模拟地址 ${number} 号`,
    places: ['地铁站 A 口', '咖啡馆', '便利店', '市民公园', '图书馆', '停车场', '酒店', '实验小学'],
  },
  en: {
    ...{ cancel: 'Cancel', confirm: 'OK', done: 'Done', search: 'Search', go: 'Go there', title: 'Choose a place' },
    ...{ here: 'Where you are', nameless: 'A place', city: 'Shenzhen', showCity: 'Only the city' },
    away: (metres: number, address: string) => `${metres} m | ${address}`,
    navigated: 'Navigation has started (simulated)',
    street: (number: number) => `${number} Made-up Street`,
    places: ['Metro, exit A', 'Café', 'Corner shop', 'Park', 'Library', 'Car park', 'Hotel', 'School'],
  },
};

/** Where the made-up places are, seen from the middle. Metres to the east and to the north. */
const OFFSETS = [
  [60, 40],
  [-90, 30],
  [120, -70],
  [-60, -180],
  [230, 90],
  [-240, 120],
  [310, -160],
  [-150, 420],
] as const;
const METRES_PER_PIXEL = 2;

function placesAround(at: Coordinates, texts: typeof TEXTS.zh): (Place & { metres: number })[] {
  const here = { ...at, name: texts.here, address: `${at.latitude.toFixed(5)}, ${at.longitude.toFixed(5)}`, metres: 0 };
  const others = texts.places.map((name, index) => {
    const [east, north] = OFFSETS[index] ?? [0, 0];
    const address = texts.street(index * 2 + 1);
    return { ...moved(at, east, north), name, address, metres: Math.round(Math.hypot(east, north)) };
  });
  return [here, ...others];
}

/** The user taps a map, or a place of the list under it, and confirms. */
export function choosePoint(phone: Shown, start: Coordinates): Promise<Place> {
  const texts = words(phone.language, TEXTS);
  return openChooser<Place>(phone, (answer) => {
    let chosen: Place | undefined;
    const list = h('div.place-list', { role: 'listbox' });
    const search = h('input.place-search', { placeholder: texts.search, type: 'search' });
    const map = drawMap(start, METRES_PER_PIXEL, () => fill());
    const fill = (): void => {
      const wanted = search.value.trim();
      const found = placesAround(map.at, texts).filter(({ name }) => name.includes(wanted));
      // Whatever the user looks for is there: the map is made up anyway.
      if (wanted && found.length === 0) found.push({ ...map.at, name: wanted, address: texts.street(1), metres: 0 });
      chosen = found[0];
      list.replaceChildren(
        ...found.map((place, index) =>
          placeRow(place, texts.away(place.metres, place.address), index === 0, (row) => {
            for (const other of list.children) other.ariaSelected = String(other === row);
            chosen = place;
          }),
        ),
      );
    };
    search.oninput = fill;
    fill();
    const confirm = (): void => {
      if (!chosen) return;
      const { name, address, latitude, longitude } = chosen;
      answer({ name, address, latitude, longitude });
    };
    return {
      head: [texts.title, texts.confirm, confirm],
      body: [map.element, search, list],
    };
  });
}

/** The user taps the city, or a place in it. */
export function choosePlace(phone: Shown, at: Coordinates): Promise<Choice> {
  const texts = words(phone.language, TEXTS);
  const { city } = texts;
  return openChooser<Choice>(phone, (answer) => {
    const { latitude, longitude } = at;
    const inCity: Choice = { city, type: 1, name: '', address: '', latitude, longitude };
    const rows = placesAround(at, texts).map(({ metres, ...place }) =>
      placeRow(place, texts.away(metres, place.address), false, () => answer({ ...place, city, type: 2 })),
    );
    const cityRow = placeRow({ name: city }, texts.showCity, false, () => answer(inCity));
    return { head: [texts.title], body: [h('div.place-list', { role: 'listbox' }, cityRow, ...rows)] };
  });
}

/** The place on a map that fills the screen, until its user goes back. */
export function showPlace(phone: Shown, place: Place & { scale: number }): void {
  const { screen, language } = phone;
  const texts = words(language, TEXTS);
  const { element } = drawMap(place, 2 ** (18 - place.scale) * METRES_PER_PIXEL);
  const layer = h(
    'div.place-page',
    {},
    element,
    h('button.place-back', { onclick: () => uncover(), ariaLabel: texts.done }),
    h(
      'div.place-card',
      {},
      h(
        'div.place-words',
        {},
        h('div.place-name', {}, place.name || texts.nameless),
        h('div.place-address', {}, place.address || `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`),
      ),
      h('button.place-go', { onclick: () => screen.notice(texts.navigated) }, texts.go),
    ),
  );
  const uncover = screen.cover(layer, () => uncover());
}

function placeRow(
  place: { name: string },
  below: string,
  selected: boolean,
  choose: (row: HTMLElement) => void,
): HTMLElement {
  const row = h(
    'button.place-row',
    { role: 'option', ariaSelected: String(selected), onclick: () => choose(row) },
    h('div.place-name', {}, place.name),
    h('div.place-address', {}, below),
  );
  return row;
}

interface Chooser {
  head: [title: string, confirm?: string, onConfirm?: () => void];
  body: HTMLElement[];
}

/** A tall sheet that answers, or fails the call when the user cancels it. */
function openChooser<T>({ screen, language }: Shown, fill: (answer: (value: T) => void) => Chooser): Promise<T> {
  const texts = words(language, TEXTS);
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      uncover();
      reject(new NativeFailure('cancel'));
    };
    const { head, body } = fill((value) => {
      uncover();
      resolve(value);
    });
    const layer = tallSheet({ cancel: texts.cancel, onCancel: cancel }, head, body);
    const uncover = screen.cover(layer, cancel);
  });
}

import { h, type Phone, type Surroundings, type SurroundingsChange } from '@sparrow/runtime/native';
import { surroundingsTexts } from './surroundings-texts.ts';

type Emit = Phone['emit'];

/** The sheet in which a developer sets what the phone senses, and lets happen to it what happens to phones. */
export function openSurroundings(device: HTMLElement, surroundings: Surroundings, emit: Emit, language: string): void {
  if (device.querySelector('.surroundings-layer')) return;
  const texts = surroundingsTexts(language);
  const { state } = surroundings;
  const set = (part: SurroundingsChange): void => surroundings.change(part);
  const row = (label: string, ...inputs: HTMLElement[]): HTMLElement =>
    h('label.form-row', {}, h('span', {}, label), ...inputs);
  const num = (name: string, value: number, change: (value: number) => void): HTMLElement =>
    h('input', {
      ...{ type: 'number', step: 'any', value: String(value), name, ariaLabel: name },
      onchange: ({ target }: Event) => {
        const given = (target as HTMLInputElement).valueAsNumber;
        if (Number.isFinite(given)) change(given);
      },
    });
  const flag = (name: string, checked: boolean, change: (value: boolean) => void): HTMLElement =>
    h('input', {
      ...{ type: 'checkbox', checked, name },
      onchange: ({ target }: Event) => change((target as HTMLInputElement).checked),
    });
  const axes = (name: 'acceleration' | 'rotation'): HTMLElement[] =>
    (['x', 'y', 'z'] as const).map((axis) =>
      num(`${name}-${axis}`, state[name][axis], (value) => set({ [name]: { [axis]: value } })),
    );
  const happens = (text: string, act: () => void): HTMLElement => h('button', { onclick: act }, text);

  const source = h(
    'select',
    {
      name: 'source',
      onchange: () => set({ position: { source: source.value as typeof state.position.source } }),
    },
    ...(['simulated', 'browser', 'none'] as const).map((value) => h('option', { value }, texts.sources[value])),
  );
  source.value = state.position.source;
  const { position, battery, orientation } = state;

  const layer = h(
    'div.sheet-layer.menu-layer.surroundings-layer',
    // A handler that gives false would keep the boxes from being ticked.
    { onclick: (event: Event) => event.target === layer && layer.remove() },
    h(
      'div.sheet.tall-sheet',
      { role: 'dialog', ariaLabel: texts.title },
      h(
        'div.tall-head',
        {},
        h('span.tall-cancel'),
        h('span', {}, texts.title),
        h('button.tall-confirm', { onclick: () => layer.remove() }, texts.done),
      ),
      h(
        'div.place-list',
        {},
        row(texts.position, source),
        row(
          texts.latitude,
          num('latitude', position.latitude, (latitude) => set({ position: { latitude } })),
        ),
        row(
          texts.longitude,
          num('longitude', position.longitude, (longitude) => set({ position: { longitude } })),
        ),
        row(
          texts.altitude,
          num('altitude', position.altitude, (altitude) => set({ position: { altitude } })),
        ),
        row(
          texts.speed,
          num('speed', position.speed, (speed) => set({ position: { speed } })),
        ),
        row(
          texts.battery,
          num('level', battery.level, (level) => set({ battery: { level: percent(level) } })),
        ),
        row(
          texts.charging,
          flag('charging', battery.isCharging, (isCharging) => set({ battery: { isCharging } })),
        ),
        row(
          texts.lowPower,
          flag('lowPower', battery.isLowPowerModeEnabled, (on) => set({ battery: { isLowPowerModeEnabled: on } })),
        ),
        row(texts.acceleration, ...axes('acceleration')),
        row(texts.rotation, ...axes('rotation')),
        row(
          texts.direction,
          num('direction', state.direction, (direction) => set({ direction })),
        ),
        row(
          texts.orientation,
          ...(['alpha', 'beta', 'gamma'] as const).map((angle) =>
            num(angle, orientation[angle], (value) => set({ orientation: { [angle]: value } })),
          ),
        ),
        row(
          texts.weakNetwork,
          flag('weakNetwork', state.weakNetwork, (on) => set({ weakNetwork: on })),
        ),
        row(
          texts.recording,
          flag('recording', state.screenRecording, (on) => set({ screenRecording: on })),
        ),
        h(
          'div.happenings',
          {},
          happens(texts.capture, () => emit('UserCaptureScreen', {})),
          happens(texts.memory, () => emit('MemoryWarning', { level: 10 })),
          happens(texts.minimize, () => emit('WindowStateChange', { state: 'minimize' })),
          happens(texts.normalize, () => emit('WindowStateChange', { state: 'normalize' })),
        ),
      ),
    ),
  );
  device.append(layer);
}

const percent = (level: number): number => Math.max(1, Math.min(100, Math.round(level)));

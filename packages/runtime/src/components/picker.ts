import type { FormControl } from './form.ts';
import { dateWheels, regionWheels, timeWheels, type WheelModel, type Wheels } from './picker-columns.ts';
import { componentHost, WxElement } from './wx-element.ts';

/** `picker`: opens the native sheet with wheels; `change`, `cancel`, and `columnchange` of multiSelector. */
export class WxPicker extends WxElement implements FormControl {
  #open: WheelModel | undefined;

  connectedCallback(): void {
    this.addEventListener('wxtap', this.#tapped);
  }
  disconnectedCallback(): void {
    this.removeEventListener('wxtap', this.#tapped);
  }

  readonly #tapped = (): void => {
    if (!this.flag('disabled') && !this.#open) void this.#show();
  };

  get #mode(): string {
    return this.text('mode', 'selector');
  }
  #list(name: string): unknown[] {
    const value = this.attributesGiven.get(name);
    return Array.isArray(value) ? value : [];
  }

  #model(): WheelModel {
    const value = this.text('value');
    const [start, end] = [this.text('start'), this.text('end')];
    if (this.#mode === 'time') return timeWheels(value, start, end);
    if (this.#mode === 'date') return dateWheels(value, start, end, this.text('fields', 'day'));
    if (this.#mode === 'region')
      return regionWheels(
        this.#list('value').map(String),
        this.text('custom-item'),
        this.text('level', 'sub-district'),
      );
    const multi = this.#mode === 'multiSelector';
    const texts = (list: unknown): string[] => (Array.isArray(list) ? list : []).map((item) => this.#label(item));
    const wheels = (chosen: number[]): Wheels => {
      const columns = multi ? this.#list('range').map(texts) : [texts(this.#list('range'))];
      return { columns, chosen: columns.map((_, column) => chosen[column] ?? 0) };
    };
    const given = (): number[] => (multi ? this.#list('value').map(Number) : [this.number('value', 0)]);
    return {
      open: () => wheels(given()),
      moved: wheels,
      detail: (chosen) => ({ value: multi ? chosen : (chosen[0] ?? 0) }),
    };
  }

  #label(item: unknown): string {
    const key = this.text('range-key');
    const value = key && typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[key] : item;
    return value === undefined || value === null ? '' : String(value);
  }

  async #show(): Promise<void> {
    const host = componentHost(this);
    if (!host) return;
    const model = this.#model();
    this.#open = model;
    const mode = this.#mode;
    const shown = model.open();
    let { chosen } = shown;
    const send = ({ columns, chosen: value }: Wheels, update: boolean): Promise<unknown> =>
      host.invoke('showPicker', { mode, columns, value, headerText: this.text('header-text'), update }, progress);
    const progress = (event: string, data: unknown): void => {
      if (event !== 'columnchange') return;
      const { column, value } = data as { column: number; value: number };
      chosen = chosen.map((index, at) => (at === column ? value : index));
      if (mode === 'multiSelector') this.emit('columnchange', { column, value });
      if (mode !== 'date' && mode !== 'time' && mode !== 'region') return;
      const next = model.moved(mode === 'region' ? chosen.map((index, at) => (at > column ? 0 : index)) : chosen);
      chosen = next.chosen;
      void send(next, true);
    };
    try {
      const answer = (await send(shown, false)) as { value?: unknown; cancel?: true };
      if (answer.cancel) this.emit('cancel', {});
      else {
        const indexes = (Array.isArray(answer.value) ? answer.value : [answer.value]).map(Number);
        const detail = model.detail(indexes);
        this.changed('value', detail.value);
        this.emit('change', detail);
      }
    } catch {
      this.emit('cancel', {});
    } finally {
      this.#open = undefined;
    }
  }

  protected override attributeGiven(name: string): void {
    // A program answers `columnchange` with other columns while the sheet is open.
    if (!this.#open || (name !== 'range' && name !== 'value') || this.#mode !== 'multiSelector') return;
    queueMicrotask(() => {
      const { columns, chosen } = this.#model().open();
      void componentHost(this)?.invoke('showPicker', { mode: this.#mode, columns, value: chosen, update: true });
    });
  }

  get formValue(): unknown {
    const value = this.attributesGiven.get('value');
    return (
      value ?? (this.#mode === 'selector' ? 0 : this.#mode === 'multiSelector' || this.#mode === 'region' ? [] : '')
    );
  }
  resetForm(): void {
    this.changed(
      'value',
      this.#mode === 'selector' ? 0 : this.#mode === 'multiSelector' || this.#mode === 'region' ? [] : '',
    );
  }
}

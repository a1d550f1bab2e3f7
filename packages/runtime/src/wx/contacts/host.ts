import { requireDeclared } from '../../native/declared.ts';
import { h, sheet, words } from '../../native/dom.ts';
import { NativeFailure } from '../../native/failure.ts';
import type { HostHalf } from '../../native/host-half.ts';
import type { Phone } from '../../native/phone.ts';
import type { ParamsOf } from '../contract.ts';
import type { contactsContract } from './contract.ts';
import { type Book, createBook, type Entry, editEntry } from './host-book.ts';
import { ADDRESSES, CONTACTS, INVOICE_TITLES, INVOICES, LICENSE_PLATES } from './host-samples.ts';
import { TEXTS } from './host-texts.ts';

type Calls = (typeof contactsContract)['calls'];
type Reminder = ParamsOf<Calls['addPhoneCalendar']> & Partial<ParamsOf<Calls['addPhoneRepeatCalendar']>>;
type Texts = typeof TEXTS.zh;

export function createContactsHost(phone: Phone): HostHalf<typeof contactsContract> {
  const { permissions, program, screen } = phone;
  const texts = words(phone.language, TEXTS);
  const books = createBooks(phone, texts);

  async function addReminder(reminder: Reminder): Promise<void> {
    await permissions.ask('scope.addPhoneCalendar');
    await confirmReminder(phone, texts, reminder);
    screen.notice(texts.inCalendar);
  }

  return {
    async chooseContact() {
      const { displayName = '', phoneNumber = '' } = await books.contacts.choose();
      return { displayName, phoneNumber, phoneNumberList: phoneNumber };
    },
    async addPhoneContact({ firstName, lastName = '', middleName = '', mobilePhoneNumber, workPhoneNumber, ...more }) {
      await permissions.ask('scope.addPhoneContact');
      const latin = /^[\p{Script=Latin}\s'.-]*$/u.test(lastName + firstName);
      const displayName = latin
        ? [firstName, middleName, lastName].filter(Boolean).join(' ')
        : lastName + middleName + firstName;
      const phoneNumber = mobilePhoneNumber ?? workPhoneNumber ?? more.homePhoneNumber ?? more.hostNumber ?? '';
      const entry = { displayName, phoneNumber, organization: more.organization ?? '', remark: more.remark ?? '' };
      const kept = await editEntry(phone, { title: texts.newContact, fields: texts.newContactFields }, entry);
      books.contacts.add(kept);
    },
    addPhoneCalendar: addReminder,
    async addPhoneRepeatCalendar(reminder) {
      const { repeatInterval, startTime } = reminder;
      if (repeatInterval === 'month' && new Date(startTime * 1000).getDate() > 28)
        throw new NativeFailure('the day of startTime should not be larger than 28 when repeatInterval is month');
      await addReminder(reminder);
    },
    async chooseAddress() {
      requireDeclared(program, 'chooseAddress');
      const entry = await books.addresses.choose();
      const { userName = '', telNumber = '', nationalCode = '', postalCode = '', detailInfo = '' } = entry;
      const { provinceName = '', cityName = '', countyName = '', streetName = '' } = entry;
      return {
        ...{ userName, telNumber, nationalCode, postalCode, provinceName, cityName, countyName, streetName },
        ...{ detailInfo, detailInfoNew: detailInfo },
      };
    },
    async chooseInvoiceTitle() {
      const entry = await books.invoiceTitles.choose();
      const {
        title = '',
        taxNumber = '',
        companyAddress = '',
        telephone = '',
        bankName = '',
        bankAccount = '',
      } = entry;
      const type = entry.type === '1' ? 1 : 0;
      return { type, title, taxNumber, companyAddress, telephone, bankName, bankAccount };
    },
    async chooseInvoice() {
      const { card_id, encrypt_code } = await books.invoices.choose();
      const { appid } = program.manifest;
      return { invoiceInfo: JSON.stringify([{ card_id, encrypt_code, app_id: appid }]) };
    },
    async chooseLicensePlate() {
      const { plateNumber = '' } = await books.licensePlates.choose();
      return { plateNumber };
    },
    async sendSms(message) {
      await editEntry(
        phone,
        { title: texts.message, fields: texts.messageFields, confirm: texts.send },
        { ...message },
      );
      screen.notice(texts.sent);
    },
  };
}

function createBooks(phone: Phone, texts: Texts): Record<keyof Texts['books'], Book> {
  const two =
    (first: string, second: string) =>
    (entry: Entry): readonly [string, string] => [entry[first] ?? '', entry[second] ?? ''];
  const { contacts, addresses, invoiceTitles, invoices, licensePlates } = texts.books;
  return {
    contacts: createBook(phone, { ...contacts, lines: two('displayName', 'phoneNumber') }, CONTACTS),
    addresses: createBook(
      phone,
      {
        ...addresses,
        lines: ({
          userName = '',
          telNumber = '',
          provinceName = '',
          cityName = '',
          countyName = '',
          detailInfo = '',
        }) => [`${userName} ${telNumber}`, provinceName + cityName + countyName + detailInfo],
      },
      ADDRESSES,
    ),
    invoiceTitles: createBook(phone, { ...invoiceTitles, lines: two('title', 'taxNumber') }, INVOICE_TITLES),
    invoices: createBook(phone, { ...invoices, lines: two('title', 'card_id') }, INVOICES),
    licensePlates: createBook(phone, { ...licensePlates, lines: two('plateNumber', '') }, LICENSE_PLATES),
  };
}

/** Shows what would stand in the calendar. @throws NativeFailure when the user does not want it */
function confirmReminder({ screen, language }: Phone, texts: Texts, reminder: Reminder): Promise<void> {
  const at = (seconds: number): string =>
    new Date(seconds * 1000).toLocaleString(language.replace('_', '-'), {
      dateStyle: 'medium',
      ...(!reminder.allDay && { timeStyle: 'short' }),
    });
  const end = Number(reminder.endTime ?? reminder.startTime);
  const lines = [
    end > reminder.startTime ? `${at(reminder.startTime)} – ${at(end)}` : at(reminder.startTime),
    reminder.repeatInterval && texts.repeats[reminder.repeatInterval],
    reminder.location,
    reminder.description,
    reminder.alarm ? texts.alarm(Math.round(reminder.alarmOffset / 60)) : undefined,
  ];
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      uncover();
      reject(new NativeFailure('cancel'));
    };
    const add = (): void => {
      uncover();
      resolve();
    };
    const layer = sheet(
      [
        h('div.sheet-heading', {}, reminder.title),
        ...lines.flatMap((line) => (line ? [h('div.sheet-line', {}, line)] : [])),
      ],
      [
        [texts.addToCalendar, add],
        [texts.cancel, cancel],
      ],
    );
    const uncover = screen.cover(layer, cancel);
  });
}

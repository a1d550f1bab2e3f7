import { contract } from '../contract.ts';
import { flag, number, oneOf, optional, text } from '../schema.ts';

const more = optional(text());
const inCalendar = {
  title: text(),
  /** Seconds since 1970; the reference gives the end as a text. */
  startTime: number(),
  endTime: more,
  allDay: flag(),
  description: more,
  location: more,
  alarm: flag(),
  /** Seconds. */
  alarmOffset: number(),
};

/**
 * What a user keeps in the phone and in WeChat: contacts, calendar, addresses, invoices, number plates. Simulated: sample
 * entries, which the user can change, for as long as the phone runs.
 */
export const contactsContract = contract({
  calls: {
    chooseContact: { result: { displayName: text(), phoneNumber: text(), phoneNumberList: text() } },
    addPhoneContact: {
      params: {
        firstName: text(),
        ...{ photoFilePath: more, nickName: more, lastName: more, middleName: more, remark: more, title: more },
        ...{ mobilePhoneNumber: more, weChatNumber: more, url: more, email: more, organization: more },
        ...{ workPhoneNumber: more, homePhoneNumber: more, hostNumber: more, workFaxNumber: more, homeFaxNumber: more },
        ...{
          addressCountry: more,
          addressState: more,
          addressCity: more,
          addressStreet: more,
          addressPostalCode: more,
        },
        ...{ workAddressCountry: more, workAddressState: more, workAddressCity: more, workAddressStreet: more },
        ...{ homeAddressCountry: more, homeAddressState: more, homeAddressCity: more, homeAddressStreet: more },
        ...{ workAddressPostalCode: more, homeAddressPostalCode: more },
      },
    },
    addPhoneCalendar: { params: inCalendar },
    addPhoneRepeatCalendar: {
      params: {
        ...inCalendar,
        repeatInterval: oneOf('day', 'week', 'month', 'year'),
        repeatEndTime: optional(number()),
      },
    },
    chooseAddress: {
      result: {
        ...{ userName: text(), telNumber: text(), nationalCode: text(), postalCode: text() },
        ...{ provinceName: text(), cityName: text(), countyName: text(), streetName: text() },
        ...{ detailInfo: text(), detailInfoNew: text() },
      },
    },
    chooseInvoiceTitle: {
      result: {
        /** 0 a company, 1 a person. */
        type: oneOf(0, 1),
        ...{ title: text(), taxNumber: text(), companyAddress: text(), telephone: text() },
        ...{ bankName: text(), bankAccount: text() },
      },
    },
    chooseInvoice: { result: { invoiceInfo: text() } },
    chooseLicensePlate: { result: { plateNumber: text() } },
    sendSms: { params: { phoneNumber: text(), content: text() } },
  },
});

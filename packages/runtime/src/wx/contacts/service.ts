import { forwarded, service } from '../../service/wx/define.ts';
import { contactsContract as contacts } from './contract.ts';

const reminder = { allDay: false, alarm: true, alarmOffset: 0 };

export const contactsService = service({
  chooseContact: forwarded(contacts, 'chooseContact'),
  addPhoneContact: forwarded(contacts, 'addPhoneContact'),
  addPhoneCalendar: forwarded(contacts, 'addPhoneCalendar', reminder),
  addPhoneRepeatCalendar: forwarded(contacts, 'addPhoneRepeatCalendar', { ...reminder, repeatInterval: 'month' }),
  chooseAddress: forwarded(contacts, 'chooseAddress'),
  chooseInvoiceTitle: forwarded(contacts, 'chooseInvoiceTitle'),
  chooseInvoice: forwarded(contacts, 'chooseInvoice'),
  chooseLicensePlate: forwarded(contacts, 'chooseLicensePlate'),
  sendSms: forwarded(contacts, 'sendSms', { phoneNumber: '', content: '' }),
});

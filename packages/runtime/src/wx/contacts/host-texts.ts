type Fields = readonly (readonly [field: string, label: string])[];
interface BookTexts {
  title: string;
  fields: Fields;
}
type BookName = 'contacts' | 'addresses' | 'invoiceTitles' | 'invoices' | 'licensePlates';

interface Texts {
  cancel: string;
  newContact: string;
  newContactFields: Fields;
  message: string;
  messageFields: Fields;
  send: string;
  sent: string;
  addToCalendar: string;
  inCalendar: string;
  alarm(minutes: number): string;
  repeats: Record<'day' | 'week' | 'month' | 'year', string>;
  books: Record<BookName, BookTexts>;
}

const zh: Texts = {
  cancel: '取消',
  newContact: '新建联系人',
  newContactFields: [
    ['displayName', '姓名'],
    ['phoneNumber', '电话'],
    ['organization', '公司'],
    ['remark', '备注'],
  ],
  message: '新信息',
  messageFields: [
    ['phoneNumber', '收件人'],
    ['content', '内容'],
  ],
  send: '发送',
  sent: '已发送（模拟）',
  addToCalendar: '添加到日历',
  inCalendar: '已添加到日历（模拟）',
  alarm: (minutes) => (minutes > 0 ? `提前 ${minutes} 分钟提醒` : '开始时提醒'),
  repeats: { day: '每天重复', week: '每周重复', month: '每月重复', year: '每年重复' },
  books: {
    contacts: {
      title: '选择联系人',
      fields: [
        ['displayName', '姓名'],
        ['phoneNumber', '电话'],
      ],
    },
    addresses: {
      title: '选择收货地址',
      fields: [
        ['userName', '收货人'],
        ['telNumber', '手机号码'],
        ['provinceName', '省'],
        ['cityName', '市'],
        ['countyName', '区'],
        ['streetName', '街道'],
        ['detailInfo', '详细地址'],
        ['postalCode', '邮政编码'],
        ['nationalCode', '国家码'],
      ],
    },
    invoiceTitles: {
      title: '选择发票抬头',
      fields: [
        ['type', '类型（0 单位，1 个人）'],
        ['title', '抬头名称'],
        ['taxNumber', '税号'],
        ['companyAddress', '单位地址'],
        ['telephone', '电话号码'],
        ['bankName', '开户银行'],
        ['bankAccount', '银行账户'],
      ],
    },
    invoices: {
      title: '选择发票',
      fields: [
        ['title', '名称'],
        ['card_id', 'card_id'],
        ['encrypt_code', 'encrypt_code'],
      ],
    },
    licensePlates: { title: '选择车牌号', fields: [['plateNumber', '车牌号']] },
  },
};

const en: Texts = {
  cancel: 'Cancel',
  newContact: 'New contact',
  newContactFields: [
    ['displayName', 'Name'],
    ['phoneNumber', 'Telephone'],
    ['organization', 'Company'],
    ['remark', 'Remark'],
  ],
  message: 'New message',
  messageFields: [
    ['phoneNumber', 'To'],
    ['content', 'Text'],
  ],
  send: 'Send',
  sent: 'Sent (simulated)',
  addToCalendar: 'Add to the calendar',
  inCalendar: 'In the calendar (simulated)',
  alarm: (minutes) => (minutes > 0 ? `Reminder ${minutes} minutes before` : 'Reminder at the start'),
  repeats: { day: 'Every day', week: 'Every week', month: 'Every month', year: 'Every year' },
  books: {
    contacts: {
      title: 'Choose a contact',
      fields: [
        ['displayName', 'Name'],
        ['phoneNumber', 'Telephone'],
      ],
    },
    addresses: {
      title: 'Choose an address',
      fields: [
        ['userName', 'Name'],
        ['telNumber', 'Telephone'],
        ['provinceName', 'Province'],
        ['cityName', 'City'],
        ['countyName', 'District'],
        ['streetName', 'Street'],
        ['detailInfo', 'Address'],
        ['postalCode', 'Postal code'],
        ['nationalCode', 'Country code'],
      ],
    },
    invoiceTitles: {
      title: 'Choose an invoice title',
      fields: [
        ['type', 'Kind (0 company, 1 person)'],
        ['title', 'Title'],
        ['taxNumber', 'Tax number'],
        ['companyAddress', 'Address'],
        ['telephone', 'Telephone'],
        ['bankName', 'Bank'],
        ['bankAccount', 'Account'],
      ],
    },
    invoices: {
      title: 'Choose an invoice',
      fields: [
        ['title', 'Name'],
        ['card_id', 'card_id'],
        ['encrypt_code', 'encrypt_code'],
      ],
    },
    licensePlates: { title: 'Choose a number plate', fields: [['plateNumber', 'Plate']] },
  },
};

export const TEXTS = { zh, en };

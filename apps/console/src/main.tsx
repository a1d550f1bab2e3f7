import { theme as antTheme, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { type Language, readLanguage, TEXTS, TextContext } from './texts.ts';
import './console.css';

function Root() {
  const [language, setLanguage] = useState<Language>(readLanguage);
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  return (
    <ConfigProvider
      // Two Chinese characters on a button are one word.
      button={{ autoInsertSpace: false }}
      locale={language === 'zh' ? zhCN : enUS}
      theme={{
        algorithm: dark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
        token: { colorPrimary: '#0f9d70', borderRadius: 8, fontSize: 13 },
      }}
    >
      <TextContext value={TEXTS[language]}>
        <App
          dark={dark}
          onDark={setDark}
          language={language}
          onLanguage={(next) => {
            localStorage.setItem('sparrow.language', next);
            setLanguage(next);
          }}
        />
      </TextContext>
    </ConfigProvider>
  );
}

const container = document.getElementById('root');
if (container)
  createRoot(container).render(
    <StrictMode>
      <Root />
    </StrictMode>,
  );

/** `sparrow.json` of a project: data, never executed. All fields are optional in the file. */
export interface ProjectConfig {
  backend?: {
    /** Folder of the backend inside the project; default: `qcloudRoot` of project.config.json. */
    dir?: string;
    /** Command and arguments; default: `npm start`'s script resolved to node, else `node <main of package.json>`. */
    command?: string[];
    /** HTTP path that answers 2xx when the backend is ready; without it an accepted connection counts. */
    health?: string;
    /** Files and folders of the backend, or patterns like `*.json`, that it writes itself: their changes do not restart it. */
    ignore?: string[];
  };
  /** Host names (with port when not 443 or 80) that mean the project's own backend while it runs locally. */
  hosts?: string[];
  /** Host names a mini program may reach besides its backend; absent: any public address. */
  domains?: string[];
  /**
   * Folders (inside the project) of the plugins that app.json lists, by alias or appid. Without an entry a plugin of
   * version `dev` is the folder that `pluginRoot` of project.config.json names.
   */
  plugins?: Record<string, string>;
}

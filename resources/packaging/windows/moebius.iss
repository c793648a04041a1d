; Inno Setup 6: makes dist\Moebius-setup.exe of dist\moebius. Written for Windows but NOT TESTED there.
;   iscc /DVersion=NUMBER resources\packaging\windows\moebius.iss   (the number in pyproject.toml)

#ifndef Version
  #error State the version: iscc /DVersion=NUMBER
#endif

[Setup]
AppId={{6B0B7C3E-5C5F-4E0E-9E0B-3A5E0F2C9D11}
AppName=Moebius
AppVersion={#Version}
AppPublisher=The Moebius developers
DefaultDirName={autopf}\Moebius
DefaultGroupName=Moebius
DisableProgramGroupPage=yes
; Without an administrator's rights it goes into the user's own folder
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
Compression=lzma2/max
SolidCompression=yes
LicenseFile=..\..\..\LICENSE
OutputDir=..\..\..\dist
OutputBaseFilename=Moebius-{#Version}-setup
UninstallDisplayIcon={app}\moebius-gui.exe
WizardStyle=modern

[Files]
Source: "..\..\..\dist\moebius\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[InstallDelete]
; Parts of an older version must not be found by the new one
Type: filesandordirs; Name: "{app}\_internal"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Icons]
Name: "{group}\Moebius"; Filename: "{app}\moebius-gui.exe"
Name: "{autodesktop}\Moebius"; Filename: "{app}\moebius-gui.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\.moebius"; ValueType: string; ValueData: "Moebius.Session"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Moebius.Session"; ValueType: string; ValueData: "Moebius session"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Moebius.Session\shell\open\command"; ValueType: string; ValueData: """{app}\moebius-gui.exe"" ""%1"""
; Offered under "Open with" for pictures; what opens them by default stays as it is
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\shell\open\command"; ValueType: string; ValueData: """{app}\moebius-gui.exe"" ""%1"""; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".png"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".jpg"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".jpeg"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".webp"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".tif"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".tiff"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\Applications\moebius-gui.exe\SupportedTypes"; ValueType: string; ValueName: ".bmp"; ValueData: ""

[Run]
Filename: "{app}\moebius-gui.exe"; Description: "{cm:LaunchProgram,Moebius}"; Flags: nowait postinstall skipifsilent

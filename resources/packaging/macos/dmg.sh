#!/bin/sh
# Makes dist/Moebius-VERSION.dmg of dist/Moebius.app. Written for macOS but NOT TESTED there.
#   sh resources/packaging/macos/dmg.sh
# With SIGN="Developer ID Application: ..." the application is signed first; else macOS asks before its first start.
set -eu
cd "$(dirname "$0")/../../.."

version=$(.venv/bin/python -c 'from importlib.metadata import version; print(version("moebius"))')
app=dist/Moebius.app
[ -d "$app" ] || { echo "$app is not there; make package makes it." >&2; exit 1; }

if [ -n "${SIGN:-}" ]; then
    codesign --force --deep --options runtime --timestamp --sign "$SIGN" "$app"
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -R "$app" "$folder/"
ln -s /Applications "$folder/Applications"
hdiutil create -volname "Moebius $version" -srcfolder "$folder" -format ULMO -ov "dist/Moebius-$version.dmg"

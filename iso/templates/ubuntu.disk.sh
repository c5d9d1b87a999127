{{ template "disk" . }}
sed -i "s|/dev/rackflow-disk|$disk|" /autoinstall.yaml

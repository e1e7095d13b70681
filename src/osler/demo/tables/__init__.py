"""Small tables of facts the demo clinic is made from: codes and figures from common clinical knowledge."""
